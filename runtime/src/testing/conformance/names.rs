//! Names of workflows: each belongs to one package.

use super::bench::AnyStore;
use crate::store::{Declaration, Declared};

fn declaration(package: &str, path: &'static str) -> Declaration {
    Declaration {
        workflow: "Process".to_owned(),
        package: package.to_owned(),
        path,
        adopts: false,
    }
}

async fn declare(store: &AnyStore, declaration: Declaration) -> Declared {
    let declared = store.declare(declaration).await;
    declared.expect("it is answered")
}

pub async fn a_name_belongs_to_the_package_that_declared_it_first(store: AnyStore) {
    let first = declaration("billing", "billing::Process");
    assert_eq!(declare(&store, first.clone()).await, Declared::Granted);
    // Another process would have its own path for it.
    let other = Declaration {
        path: first.path,
        ..declaration("shipping", "")
    };
    let package = "billing".to_owned();
    assert_eq!(
        declare(&store, other.clone()).await,
        Declared::OtherPackage { package }
    );
    assert_eq!(declare(&store, first).await, Declared::Granted, "again");
    let own = Declaration {
        workflow: "shipping.Process".to_owned(),
        ..other
    };
    assert_eq!(declare(&store, own).await, Declared::Granted);
}

pub async fn a_name_is_adopted(store: AnyStore) {
    let old = declaration("billing", "Process");
    declare(&store, old.clone()).await;
    let new = Declaration {
        adopts: true,
        ..declaration("payments", "Process")
    };
    assert_eq!(declare(&store, new.clone()).await, Declared::Granted);
    let later = Declaration {
        adopts: false,
        ..new
    };
    assert_eq!(declare(&store, later).await, Declared::Granted);
    let package = "payments".to_owned();
    assert_eq!(
        declare(&store, old).await,
        Declared::OtherPackage { package },
        "it belongs to the new one"
    );
}

pub async fn a_name_belongs_to_one_declaration_of_a_process(store: AnyStore) {
    let one = declaration("billing", "billing::invoices::Process");
    let other = declaration("billing", "billing::refunds::Process");
    assert_eq!(declare(&store, one.clone()).await, Declared::Granted);
    for _ in 0..2 {
        assert_eq!(
            declare(&store, other.clone()).await,
            Declared::OtherPath { path: one.path }
        );
    }
    let adopts = Declaration {
        adopts: true,
        ..other
    };
    assert_eq!(
        declare(&store, adopts).await,
        Declared::OtherPath { path: one.path },
        "two are not adopted into one"
    );
    assert_eq!(declare(&store, one).await, Declared::Granted);
}
