//! Two workflows that are called alike do not drive each other's runs.

use std::sync::Arc;

use stateway::prelude::*;
use stateway::store::{Declaration, Declared, Filter, Store as _};
use stateway::{LaunchError, MemoryStore, RedbStore};

mod invoices {
    use stateway::prelude::*;

    workflow! {
        #[durable(version = 1)]
        pub(super) workflow Process {
            start Begun;
            done  Ended;
            step go: Begun -> Ended;
        }
    }
}

mod refunds {
    use stateway::prelude::*;

    workflow! {
        #[durable(version = 1)]
        pub(super) workflow Process {
            start Begun;
            done  Ended;
            step go: Begun -> Ended;
        }
    }
}

mod payouts {
    use stateway::prelude::*;

    workflow! {
        #[durable(version = 1, name = "billing.payouts/Process")]
        pub(super) workflow Process {
            start Begun;
            done  Ended { key: String };
            step go: Begun -> Ended;
        }
    }
}

struct Clerk;

impl invoices::ProcessSteps for Clerk {
    type Error = String;

    async fn go(
        &self,
        _: invoices::Begun,
        step: &Step<invoices::Go>,
    ) -> Result<invoices::Go, String> {
        Ok(step.to(invoices::Ended))
    }
}

impl refunds::ProcessSteps for Clerk {
    type Error = String;

    async fn go(&self, _: refunds::Begun, step: &Step<refunds::Go>) -> Result<refunds::Go, String> {
        Ok(step.to(refunds::Ended))
    }
}

impl payouts::ProcessSteps for Clerk {
    type Error = String;

    async fn go(&self, _: payouts::Begun, step: &Step<payouts::Go>) -> Result<payouts::Go, String> {
        let key = step.key().to_string();
        Ok(step.to(payouts::Ended { key }))
    }
}

#[tokio::test]
async fn two_workflows_of_one_name_do_not_share_a_store() {
    let store = Arc::new(MemoryStore::new());
    let invoices = Runner::<invoices::Process>::builder(Clerk).store(Arc::clone(&store));
    let invoices = invoices.launch().await.unwrap();
    let run = invoices.start("i-1", (), invoices::Begun).await.unwrap();
    assert!(run.end().await.is_ok());
    for again in [false, true] {
        let refunds = Runner::<refunds::Process>::builder(Clerk).store(Arc::clone(&store));
        let refused = refunds.launch().await.unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the runs of `durable::runner::names::refunds::Process` are stored as `Process`, and so are those of \
             `durable::runner::names::invoices::Process`, which this program has launched on the same store: give one of them a \
             name of its own, `#[durable(version = .., name = \"..\")]`"
        );
        if !again {
            // The runs that it has left are still its own.
            invoices.shut_down(std::time::Duration::ZERO).await;
        }
    }
    let again = Runner::<invoices::Process>::builder(Clerk).store(store);
    again.launch().await.unwrap();
}

#[tokio::test]
async fn a_name_of_its_own_is_what_runs_and_keys_have() {
    let store = Arc::new(MemoryStore::new());
    let invoices = Runner::<invoices::Process>::builder(Clerk).store(Arc::clone(&store));
    invoices.launch().await.unwrap();
    let payouts = Runner::<payouts::Process>::builder(Clerk).store(Arc::clone(&store));
    let payouts = payouts.launch().await.unwrap();
    let run = payouts.start("p-1", (), payouts::Begun).await.unwrap();
    let payouts::ProcessEnd::Ended(ended) = run.end().await.unwrap();
    assert!(
        ended.key.starts_with("billing.payouts%2FProcess/p-1/"),
        "{}",
        ended.key
    );
    assert_eq!(
        run.info().await.unwrap().workflow,
        "billing.payouts/Process"
    );
    assert!(payouts.get("p-1").await.unwrap().is_some());
    assert_eq!(payouts.list(Filter::default()).await.unwrap().len(), 1);
}

/// A store in which `Process` is the name of a workflow of another package.
async fn declared_by_another() -> (tempfile::TempDir, RedbStore) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("runs.redb");
    let store = RedbStore::open(&file).unwrap();
    let other = Declaration {
        workflow: "Process".to_owned(),
        package: "shipping".to_owned(),
        path: "shipping::Process",
        adopts: false,
    };
    assert_eq!(store.declare(other).await.unwrap(), Declared::Granted);
    drop(store);
    // The declaration is in the file.
    (folder, RedbStore::open(&file).unwrap())
}

#[tokio::test]
async fn a_name_of_another_package_is_refused_with_both_ways_out() {
    let (_folder, store) = declared_by_another().await;
    let runner = || Runner::<invoices::Process>::builder(Clerk).store(store.clone());
    let refused = runner().launch().await.unwrap_err();
    assert!(matches!(&refused, LaunchError::OtherPackage { other, .. } if other == "shipping"));
    let text = refused.to_string();
    for way_out in [
        "`#[durable(version = .., name = \"stateway.Process\")]`",
        "if `shipping` has become `stateway`, call `.adopt()` before `.launch()`",
    ] {
        assert!(text.contains(way_out), "{text}");
    }
    runner().adopt().launch().await.unwrap();
    // From then on it is this package's.
    runner().launch().await.unwrap();
}

#[tokio::test]
async fn one_of_several_names_is_adopted() {
    let (_folder, store) = declared_by_another().await;
    let several = || {
        let several =
            stateway::Runners::builder(store.clone()).workflow::<invoices::Process>(Clerk);
        several.workflow::<payouts::Process>(Clerk)
    };
    for refused in [several(), several().adopt::<payouts::Process>()] {
        let refused = refused.launch().await.unwrap_err();
        assert!(
            matches!(refused, LaunchError::OtherPackage { .. }),
            "{refused}"
        );
    }
    several()
        .adopt::<invoices::Process>()
        .launch()
        .await
        .unwrap();
    // From then on it is this package's.
    several().launch().await.unwrap();
}
