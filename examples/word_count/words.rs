//! Words, and how often each occurs.

use std::cmp::Reverse;
use std::collections::HashMap;

/// Returns true if a character is part of a word: a letter, a digit, or an apostrophe as in "don't".
pub(crate) fn is_part(character: char) -> bool {
    character.is_alphanumeric() || character == '\''
}

/// The number of times that each word occurs, in lower case.
#[derive(Debug, Default)]
pub(crate) struct Counts(HashMap<Box<str>, u64>);

/// A word that two counts do not agree on.
#[derive(Debug)]
pub(crate) struct Difference {
    pub(crate) word: Box<str>,
    pub(crate) ours: u64,
    pub(crate) theirs: u64,
}

impl Counts {
    /// Counts the words of a text.
    pub(crate) fn add(&mut self, text: &str) {
        // One buffer for all words: most of them have been seen before, and need none of their own.
        let mut lower = String::new();
        for word in text.split(|character| !is_part(character)) {
            // Quotes around a word are not part of it.
            let word = word.trim_matches('\'');
            if word.is_empty() {
                continue;
            }
            lower.clear();
            if word.is_ascii() {
                lower.push_str(word);
                lower.make_ascii_lowercase();
            } else {
                lower.push_str(&word.to_lowercase());
            }
            match self.0.get_mut(lower.as_str()) {
                Some(count) => *count += 1,
                None => {
                    self.0.insert(lower.as_str().into(), 1);
                }
            }
        }
    }

    /// All counts in one.
    pub(crate) fn merged(mut parts: Vec<Counts>) -> Counts {
        // Into the largest: its words need not move.
        parts.sort_by_key(|part| part.0.len());
        let mut whole = parts.pop().unwrap_or_default();
        for (word, count) in parts.into_iter().flat_map(|part| part.0) {
            *whole.0.entry(word).or_default() += count;
        }
        whole
    }

    /// The number of words.
    pub(crate) fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// The number of different words.
    pub(crate) fn distinct(&self) -> usize {
        self.0.len()
    }

    /// The most frequent words, those of equal count by the alphabet.
    pub(crate) fn top(&self, length: usize) -> Vec<(Box<str>, u64)> {
        let mut words: Vec<_> = self.0.iter().collect();
        words.sort_unstable_by_key(|(word, count)| (Reverse(**count), *word));
        words.truncate(length);
        let words = words.into_iter();
        words.map(|(word, count)| (word.clone(), *count)).collect()
    }

    /// The words that are counted differently by another, by the alphabet.
    pub(crate) fn differences(&self, other: &Counts) -> Vec<Difference> {
        let count = |counts: &Counts, word| counts.0.get(word).copied().unwrap_or(0);
        let missing = other.0.keys().filter(|word| !self.0.contains_key(*word));
        let mut found: Vec<_> = self
            .0
            .keys()
            .chain(missing)
            .map(|word| Difference {
                word: word.clone(),
                ours: count(self, word),
                theirs: count(other, word),
            })
            .filter(|difference| difference.ours != difference.theirs)
            .collect();
        found.sort_unstable_by(|a, b| a.word.cmp(&b.word));
        found
    }
}
