//! "Did you mean": the declared word that is nearest to a misspelt one.

/// The candidate that `word` is probably a misspelling of.
///
/// Distance is Damerau-Levenshtein, ignoring case; a third of the word may be wrong, as rustc
/// allows for its own suggestions.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word = word.to_lowercase();
    let allowed = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&word, &candidate.to_lowercase());
            (distance, candidate)
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// `` `a`, `b` or `c` ``
pub(crate) fn any_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    list(words, "or")
}

/// `` `a`, `b` and `c` ``
pub(crate) fn all_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    list(words, "and")
}

fn list<'a>(words: impl IntoIterator<Item = &'a str>, last: &str) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.as_slice() {
        [] => String::new(),
        [word] => word.clone(),
        [words @ .., word] => format!("{} {last} {word}", words.join(", ")),
    }
}
