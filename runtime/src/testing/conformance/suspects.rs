//! Runs whose holder died: the number that is claimed at once.

use std::time::Duration;

use super::bench::{
    AnyStore, LONG, VERSION, WORKFLOW, at, claim, claims, end, get, go, hold, lease, list, run_id,
    step,
};
use crate::store::{Claim, Filter, Suspects, WorkflowVersions};

pub async fn after_one_death_all_suspects_are_claimed(store: AnyStore) {
    for number in 0..20 {
        hold(&store, &format!("run-{number:02}")).await;
    }
    let claimed = claims(&store, 1, 100, lease(LONG)).await;
    assert_eq!((claimed.taken.len(), claimed.left), (20, 0));
}

/// One run kills every process that drives it. The others reach their next transition, unless they are claimed with it.
pub async fn suspects_are_claimed_a_few_at_a_time(store: AnyStore) {
    const GUILTY: &str = "run-07";
    for number in 0..16 {
        hold(&store, &format!("run-{number:02}")).await;
    }
    let mut blamed = 0;
    for _ in 0..60 {
        let taken = claims(&store, 1, 100, lease(Duration::ZERO)).await.taken;
        let has_guilty = taken.iter().any(|it| it.row.id == run_id(GUILTY));
        for claimed in taken {
            if claimed.row.id == run_id(GUILTY) {
                continue;
            }
            blamed = blamed.max(claimed.row.crashes);
            if !has_guilty {
                let row = go(&store, step(&claimed.row, "Reserved")).await;
                end(&store, &row).await;
            }
        }
    }
    let guilty = get(&store, &run_id(GUILTY)).await.row.crashes;
    assert!(guilty >= 10, "it is taken up again and again: {guilty}");
    assert!(blamed < 5, "others died beside it {blamed} times");
    let others = list(&store, Filter::default()).await;
    for other in others.iter().filter(|it| *it != GUILTY) {
        let row = get(&store, &run_id(other)).await.row;
        assert!(row.status.is_ended(), "`{other}` came to its end");
    }
}

pub async fn a_suspect_of_many_deaths_is_claimed_alone(store: AnyStore) {
    hold(&store, "guilty").await;
    for _ in 0..5 {
        assert_eq!(claim(&store, 1).await.row.id, run_id("guilty"));
    }
    for id in ["a", "b"] {
        hold(&store, id).await;
    }
    // The runs with the fewest deaths come first, and the other one not with them.
    let claimed = claims(&store, 1, 100, lease(LONG)).await;
    let ids: Vec<_> = claimed.taken.iter().map(|it| it.row.id.text()).collect();
    assert_eq!((&*ids, claimed.left), (&["a".into(), "b".into()][..], 1));
    let under_way = Suspects {
        under_way: 2,
        deaths: 1,
        alone_from: 5,
    };
    let again = Claim {
        workflows: [WorkflowVersions::one(WORKFLOW, VERSION)].into(),
        now: at(1),
        lease: lease(LONG),
        limit: 100,
        suspects: under_way,
    };
    let left = store.claim(again.clone()).await.expect("it is answered");
    assert_eq!((left.taken.len(), left.left), (0, 1), "two are under way");
    let free = Claim {
        suspects: Suspects::none(5),
        ..again
    };
    let taken = store.claim(free).await.expect("it is answered").taken;
    assert_eq!(taken.len(), 1, "it is alone");
    assert_eq!(taken[0].row.crashes, 6);
}
