#![deny(warnings)]

stateway::workflow! {
    workflow Import {
        start Local { path: String };
        start Remote { url: String };
        transient state Fetch;
        done Loaded { bytes: u64 };
        step fetch as FetchNext: Remote -> Fetch;
        step read: Local -> Loaded;
        step store: Fetch -> Loaded | Fetch;
    }
}

pub fn main() {
    let local = Import::start(Local { path: "a".to_owned() });
    let loaded = local.read(|local| Loaded { bytes: local.path.len() as u64 });
    assert_eq!(loaded.bytes, 1);
    let remote = Import::start(Remote { url: "b".to_owned() });
    let any = AnyImport::from(remote.fetch(|remote| {
        assert_eq!(remote.url, "b");
        Fetch
    }));
    let fetch: Import<Fetch> = any.try_into().unwrap_or_else(|_| unreachable!());
    assert!(matches!(Import::<Loaded>::try_from(AnyImport::from(fetch)), Err(AnyImport::Fetch(_))));
    let next = FetchNext::Fetch(Fetch);
    let FetchNext::Fetch(Fetch) = next;
}
