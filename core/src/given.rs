//! Numbers and times of clauses: known when the block is compiled, or read from a field when they are needed.

/// A number or a time of a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Given<T> {
    /// It is written out in the block: `retry(3)`.
    Written(T),
    /// It is in this field, which is read when the clause is needed: `limit` of the state that the transition leaves, or
    /// `input.limit`.
    Field(&'static str),
}

impl<T: Copy> Given<T> {
    /// The value, if it is written out.
    #[must_use]
    pub const fn written(self) -> Option<T> {
        match self {
            Given::Written(value) => Some(value),
            Given::Field(_) => None,
        }
    }

    /// The field as the block names it, if it is in one.
    #[must_use]
    pub const fn field(self) -> Option<&'static str> {
        match self {
            Given::Written(_) => None,
            Given::Field(field) => Some(field),
        }
    }
}
