//! The fields of a state by which a stored run is found.

use crate::store::{IndexEntry, IndexValue};

/// A field that `#[index]` may stand on: a text or an integer, or an `Option` of one.
#[diagnostic::on_unimplemented(
    message = "a run cannot be found by a `{Self}`: it is neither a text nor an integer",
    label = "`#[index]` stands on a `String`, an integer of up to 64 bits with a sign, or an `Option` of one",
    note = "index a field beside it that holds its name or its number"
)]
pub trait IndexField {
    /// Returns the value that the run is found by, if there is one.
    fn index_value(&self) -> Option<IndexValue>;
}

impl IndexField for String {
    fn index_value(&self) -> Option<IndexValue> {
        Some(IndexValue::Text(self.clone()))
    }
}

macro_rules! integers {
    ($($integer:ty)*) => {$(
        impl IndexField for $integer {
            fn index_value(&self) -> Option<IndexValue> {
                Some(IndexValue::Integer((*self).into()))
            }
        }
    )*};
}

integers! { i8 i16 i32 i64 u8 u16 u32 }

impl<T: IndexField> IndexField for Option<T> {
    fn index_value(&self) -> Option<IndexValue> {
        self.as_ref().and_then(T::index_value)
    }
}

/// Adds the value of this field, by which a run is found.
pub fn indexed<T: IndexField>(entries: &mut Vec<IndexEntry>, name: &'static str, field: &T) {
    entries.extend(field.index_value().map(|value| IndexEntry {
        name: name.into(),
        value,
    }));
}
