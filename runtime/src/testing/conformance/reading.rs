//! Reading back runs, histories and messages.

use std::time::Duration;

use super::bench::{
    AnyStore, LONG, add, at, end, get, give_back, go, history, hold, lease, list, new, run_id, step,
};
use crate::store::{Commit, Filter, IndexEntry, IndexValue, NewRun, Status, StoreError};

pub async fn an_unknown_run_is_not_there(store: AnyStore) {
    assert!(
        store
            .get(&run_id("a"))
            .await
            .expect("it is answered")
            .is_none()
    );
    let answer = store.history(&run_id("a"), 0, 10).await;
    assert!(
        matches!(answer, Err(StoreError::NotFound { .. })),
        "{answer:?}"
    );
    let answer = store.undoable(&run_id("a"), 10).await;
    assert!(
        matches!(answer, Err(StoreError::NotFound { .. })),
        "{answer:?}"
    );
    assert!(list(&store, Filter::default()).await.is_empty());
}

pub async fn a_list_is_in_the_order_of_the_ids(store: AnyStore) {
    for id in [
        "b",
        "a/2",
        "ff",
        "a",
        "a/10",
        "0123456789abcdef0123456789abcdef",
    ] {
        let row = hold(&store, id).await;
        if id.len() == 1 {
            // Including those that have ended.
            end(&store, &row).await;
        }
    }
    let ids = list(&store, Filter::default()).await;
    assert_eq!(
        ids,
        [
            "0123456789abcdef0123456789abcdef",
            "a",
            "a/10",
            "a/2",
            "b",
            "ff"
        ]
    );
}

pub async fn a_list_comes_in_pages(store: AnyStore) {
    for number in 0..7 {
        add(&store, &format!("run-{number}")).await;
    }
    let mut all = Vec::new();
    loop {
        let after = all.last().map(|last: &String| run_id(last));
        let page = list(
            &store,
            Filter {
                after,
                limit: 3,
                ..Filter::default()
            },
        )
        .await;
        assert!(page.len() <= 3);
        if page.is_empty() {
            break;
        }
        all.extend(page);
        assert!(all.len() <= 7, "a page begins behind the one before");
    }
    assert_eq!(all.len(), 7);
    assert!(list(&store, Filter::new().limit(0)).await.is_empty());
}

pub async fn the_newest_runs_come_first_if_that_is_asked_for(store: AnyStore) {
    for (id, started) in [("b", 5), ("a", 7), ("d", 7), ("c", 9)] {
        let created = store.create(NewRun {
            at: at(started),
            ..new(id)
        });
        created.await.expect("it is added");
    }
    let newest = |after: Option<&str>, limit| Filter {
        newest_first: true,
        after: after.map(run_id),
        limit,
        ..Filter::default()
    };
    assert_eq!(list(&store, newest(None, 10)).await, ["c", "a", "d", "b"]);
    assert_eq!(list(&store, newest(None, 2)).await, ["c", "a"]);
    assert_eq!(list(&store, newest(Some("a"), 2)).await, ["d", "b"]);
    assert_eq!(list(&store, newest(None, 0)).await, [""; 0]);
    let gone = store.list(newest(Some("x"), 2)).await;
    assert!(matches!(gone, Err(StoreError::NotFound { .. })), "{gone:?}");
}

pub async fn runs_are_counted_by_status_and_state(store: AnyStore) {
    for id in ["a", "b", "c", "d"] {
        let row = hold(&store, id).await;
        match id {
            "a" => drop(end(&store, &row).await),
            "b" => drop(go(&store, step(&row, "Reserved")).await),
            _ => {}
        }
    }
    let counts = async |filter| {
        let counts = store.count(filter).await.expect("it is answered");
        let print = counts
            .into_iter()
            .map(|it| format!("{} {} {}", it.runs, it.status, it.state));
        print.collect::<Vec<_>>()
    };
    let all = ["1 done Shipped", "2 running Placed", "1 running Reserved"];
    assert_eq!(counts(Filter::default()).await, all);
    let one = Filter::new().limit(1);
    assert_eq!(counts(one).await, all, "the limit is that of a list");
    let placed = Filter::new().state("Placed");
    assert_eq!(counts(placed).await, ["2 running Placed"]);
}

pub async fn a_list_can_be_filtered(store: AnyStore) {
    add(&store, "a").await;
    let row = hold(&store, "b").await;
    go(&store, step(&row, "Reserved")).await;
    let row = hold(&store, "c").await;
    end(&store, &row).await;
    let other = NewRun {
        workflow: "Other".into(),
        at: at(50),
        ..new("d")
    };
    store.create(other).await.expect("it is created");
    let only = |filter: Filter| list(&store, filter);
    assert_eq!(only(Filter::new().workflow("Other")).await, ["d"]);
    assert_eq!(only(Filter::new().state("Reserved")).await, ["b"]);
    assert_eq!(only(Filter::new().status(Status::Done)).await, ["c"]);
    assert_eq!(
        only(Filter::new().started_before(at(50))).await,
        ["a", "b", "c"]
    );
    let both = Filter::new().status(Status::Running).workflow("Order");
    assert_eq!(only(both).await, ["a", "b"]);
}

pub async fn a_run_is_found_by_what_its_state_says(store: AnyStore) {
    let entry = |value: &str| IndexEntry {
        name: "group".into(),
        value: IndexValue::Text(value.to_owned()),
    };
    let number = IndexEntry {
        name: "level".into(),
        value: IndexValue::Integer(-7),
    };
    for (id, group) in [("a", "sales"), ("b", "support"), ("c", "sales")] {
        let run = NewRun {
            index: vec![entry(group), number.clone()],
            lease: Some(lease(LONG)),
            ..new(id)
        };
        store.create(run).await.expect("it is created");
    }
    let by = |entry: &IndexEntry| Filter::new().index(&*entry.name, entry.value.clone());
    assert_eq!(list(&store, by(&entry("sales"))).await, ["a", "c"]);
    assert_eq!(list(&store, by(&number)).await, ["a", "b", "c"]);
    let row = get(&store, &run_id("a")).await.row;
    let moved = Commit {
        index: vec![entry("support")],
        ..step(&row, "Reserved")
    };
    let row = go(&store, moved).await;
    assert_eq!(list(&store, by(&entry("sales"))).await, ["c"]);
    assert_eq!(list(&store, by(&entry("support"))).await, ["a", "b"]);
    let row = give_back(&store, &row, 60).await;
    assert_eq!(row.index, [entry("support")], "it is in the same state");
}

pub async fn a_history_comes_in_pages(store: AnyStore) {
    let mut row = hold(&store, "a").await;
    for number in 0..9 {
        row = go(&store, step(&row, &format!("State{number}"))).await;
    }
    let mut all = Vec::new();
    loop {
        let from = all.last().map_or(0, |last| last + 1);
        let page = store
            .history(&row.id, from, 4)
            .await
            .expect("it is answered");
        assert!(page.len() <= 4);
        if page.is_empty() {
            break;
        }
        all.extend(page.iter().map(|row| row.number));
        assert!(all.len() <= 10, "a page begins behind the one before");
    }
    assert_eq!(all, (0..=9).collect::<Vec<u64>>());
}

pub async fn times_are_kept_to_the_microsecond(store: AnyStore) {
    let odd = at(3) + Duration::from_micros(123_456);
    let run = NewRun {
        at: odd,
        lease: Some(lease(LONG)),
        ..new("a")
    };
    store.create(run).await.expect("it is created");
    let row = store
        .get(&run_id("a"))
        .await
        .expect("it is answered")
        .expect("it is there")
        .row;
    assert_eq!((row.started, row.entered), (odd, odd));
    let moved = Commit {
        at: odd + Duration::from_micros(1),
        ..step(&row, "Reserved")
    };
    let row = go(&store, moved).await;
    assert_eq!(row.entered, odd + Duration::from_micros(1));
    assert_eq!(history(&store, &row.id).await[1].at, row.entered);
}

pub async fn what_was_written_is_read_at_once(store: AnyStore) {
    let mut row = hold(&store, "a").await;
    for number in 0..50 {
        let state = format!("State{number}");
        row = go(&store, step(&row, &state)).await;
        assert_eq!(row.state, state, "law 3: what has returned is seen");
        assert_eq!(history(&store, &row.id).await.len(), number + 2);
    }
}
