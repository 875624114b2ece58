//! The store in a file keeps the laws.

mod flushed {
    use super::support;

    stateway::testing::store_conformance!(async { support::new(support::FLUSHED) });
}

mod behind {
    use super::support;

    stateway::testing::store_conformance!(async { support::new(support::BEHIND) });
}

mod support {
    use std::time::Duration;

    use stateway::{Durability, RedbStore};

    pub(crate) const FLUSHED: Durability = Durability::Flushed;
    pub(crate) const BEHIND: Durability = Durability::MayLoseLatest {
        within: Duration::from_hours(1),
    };

    /// A store over memory: what is checked are its answers.
    pub(crate) fn new(durability: Durability) -> RedbStore {
        let options = RedbStore::options().durability(durability);
        let opened = options.open_backend(redb::backends::InMemoryBackend::new());
        opened.expect("memory is there")
    }
}
