//! "Did you mean": the declared word that is nearest to a misspelt one.

/// The candidate that `word` is probably a misspelling of.
///
/// Distance is Damerau-Levenshtein, ignoring case. Two letters may be wrong, as in `Payed` for
/// `Paid`; in a short word one, and in a long one a third.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word = word.to_lowercase();
    let allowed = match word.chars().count() {
        0..4 => 1,
        4..9 => 2,
        length => length / 3,
    };
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
    joined(&words, last)
}

/// Words as a list: `a, b and c`.
pub(crate) fn joined(words: &[String], last: &str) -> String {
    match words {
        [] => String::new(),
        [word] => word.clone(),
        [words @ .., word] => format!("{} {last} {word}", words.join(", ")),
    }
}
