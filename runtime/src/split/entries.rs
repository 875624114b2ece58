//! The entries of a map, for the branches of an `each (key, value)`.

use std::collections::BTreeMap;
use std::sync::Arc;

use stateway_core::Transition;

use crate::handler::Branch;

/// A collection whose entries an `each (key, value) in ..` goes over: a [`BTreeMap`], a `Vec`, a slice or an array of pairs, or one of
/// these in a `Box` or an `Arc`.
///
/// The entries come in the same order each time: a branch is known by the position of its entry. A collection of your own may
/// implement it:
///
/// ```
/// use stateway::Entries;
///
/// struct Shelf {
///     names: Vec<String>,
///     counts: Vec<u32>,
/// }
///
/// impl Entries<String, u32> for Shelf {
///     fn entries(&self) -> impl Iterator<Item = (&String, &u32)> {
///         self.names.iter().zip(&self.counts)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`each` cannot go over a `{Self}` by `{K}` and `{V}`",
    label = "this field has to be a `BTreeMap<{K}, {V}>`, or a `Vec<({K}, {V})>`",
    note = "a branch is known by the place of its entry, so the entries have an order: a `HashMap` has none"
)]
pub trait Entries<K: 'static, V: 'static> {
    /// Returns the entries, in their order.
    fn entries(&self) -> impl Iterator<Item = (&K, &V)>;
}

impl<K: 'static, V: 'static> Entries<K, V> for BTreeMap<K, V> {
    fn entries(&self) -> impl Iterator<Item = (&K, &V)> {
        self.iter()
    }
}

impl<K: 'static, V: 'static> Entries<K, V> for [(K, V)] {
    fn entries(&self) -> impl Iterator<Item = (&K, &V)> {
        self.iter().map(|(key, value)| (key, value))
    }
}

impl<K: 'static, V: 'static> Entries<K, V> for Vec<(K, V)> {
    fn entries(&self) -> impl Iterator<Item = (&K, &V)> {
        self.as_slice().entries()
    }
}

impl<K: 'static, V: 'static, const N: usize> Entries<K, V> for [(K, V); N] {
    fn entries(&self) -> impl Iterator<Item = (&K, &V)> {
        self.as_slice().entries()
    }
}

impl<K: 'static, V: 'static, M: Entries<K, V> + ?Sized> Entries<K, V> for Box<M> {
    fn entries(&self) -> impl Iterator<Item = (&K, &V)> {
        (**self).entries()
    }
}

impl<K: 'static, V: 'static, M: Entries<K, V> + ?Sized> Entries<K, V> for Arc<M> {
    fn entries(&self) -> impl Iterator<Item = (&K, &V)> {
        (**self).entries()
    }
}

/// Returns the entries of a field. They are boxed, as a type that does not depend on the field, so that a field without entries is one
/// error.
pub fn entries<'s, K, V, M>(map: &'s M) -> Box<dyn Iterator<Item = (&'s K, &'s V)> + 's>
where
    K: 'static,
    V: 'static,
    M: Entries<K, V> + ?Sized,
{
    Box::new(map.entries())
}

/// Collects the entries of an `each`.
pub fn pairs<'s, K: 's, V: 's>(
    entries: impl Iterator<Item = (&'s K, &'s V)>,
) -> Vec<(&'s K, &'s V)> {
    entries.collect()
}

/// Returns the entry of a branch of an `each`, as its task finds it again in the shared state.
///
/// # Panics
/// If there are fewer entries than when the branch began: a state that is shared does not change.
pub fn pair<'s, T: Transition, K, V>(
    mut entries: impl Iterator<Item = (&'s K, &'s V)>,
    branch: &Branch<T>,
) -> (&'s K, &'s V) {
    let entry = entries.nth(branch.index());
    entry.expect("a state that is shared does not change")
}
