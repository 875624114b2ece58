//! The store in memory keeps the laws.

stateway::testing::store_conformance!(async { stateway::MemoryStore::new() });
