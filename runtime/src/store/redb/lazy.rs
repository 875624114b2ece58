//! Tables that are opened when they are needed.

use redb::{Key, Table, TableDefinition, Value, WriteTransaction};

/// A table that is opened when it is needed, because each open table costs time in the commit of a batch.
pub(super) struct Lazy<'a, K: Key + 'static, V: Value + 'static> {
    transaction: &'a WriteTransaction,
    definition: TableDefinition<'static, K, V>,
    table: Option<Table<'a, K, V>>,
}

impl<'a, K: Key + 'static, V: Value + 'static> Lazy<'a, K, V> {
    pub(super) fn new(
        transaction: &'a WriteTransaction,
        definition: TableDefinition<'static, K, V>,
    ) -> Self {
        Lazy {
            transaction,
            definition,
            table: None,
        }
    }

    pub(super) fn open(&mut self) -> Result<&mut Table<'a, K, V>, redb::Error> {
        let table = match self.table.take() {
            Some(table) => table,
            None => self.transaction.open_table(self.definition)?,
        };
        Ok(self.table.insert(table))
    }
}
