//! A machine moved by hand: what the types promise, without any runtime.

use expect_test::expect;
use serde::{Deserialize, Serialize};
use stateway::{StateKind, TransitionKind, workflow};

workflow! {
    /// A document on its way through review.
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    workflow Document {
        input { author: String }

        start  Draft { text: String };
        state  InReview { text: String };
        transient state Approved;
        done   Published { at: u64 };
        failed Withdrawn;

        step submit: Draft -> InReview;
        step review: InReview -> Approved | Draft | Withdrawn;
        step publish: Approved -> Published;
    }
}

fn draft() -> Document<Draft> {
    let input = DocumentInput {
        author: "an author".to_owned(),
    };
    Document::start(
        input,
        Draft {
            text: "on names".to_owned(),
        },
    )
}

#[test]
fn a_transition_carries_the_input_along_and_replaces_the_state() {
    let document = draft().submit(|draft| InReview {
        text: draft.text.to_uppercase(),
    });
    assert_eq!(document.text, "ON NAMES");
    assert_eq!(document.input().author, "an author");
    let document = document
        .review(|_| Approved)
        .publish(|_| Published { at: 7 });
    assert_eq!(document.into_state(), Published { at: 7 });
}

mod plain {
    stateway::workflow! {
        #[derive(Debug)]
        pub(super) workflow Door { start Open; done Closed; step close: Open -> Closed; }
    }
}

#[test]
fn a_machine_shows_its_input_and_its_state() {
    let text = r#"Document(DocumentInput { author: "an author" }, Draft { text: "on names" })"#;
    assert_eq!(format!("{:?}", draft()), text);
    let any = AnyDocument::from(draft());
    assert_eq!(format!("{any:?}"), format!("Draft({text})"));
    let text = r#"Document(
    DocumentInput {
        author: "an author",
    },
    Draft {
        text: "on names",
    },
)"#;
    assert_eq!(format!("{:#?}", draft()), text);
    let door = plain::Door::start(plain::Open);
    assert_eq!(format!("{door:?}"), "Door(Open)");
}

#[test]
fn a_machine_that_lost_its_type_gets_it_back_by_match_or_conversion() {
    let any = AnyDocument::from(draft());
    let AnyDocument::Draft(document) = any.clone() else {
        panic!("the machine is in its start state");
    };
    assert_eq!(document, draft());
    assert_eq!(Document::<Draft>::try_from(any), Ok(draft()));
}

#[test]
fn a_conversion_to_the_wrong_state_gives_the_machine_back() {
    let any = AnyDocument::from(draft());
    assert_eq!(Document::<InReview>::try_from(any.clone()), Err(any));
}

#[test]
fn every_state_survives_json_and_says_its_name() {
    let in_review = draft().submit(|draft| InReview { text: draft.text });
    let approved = in_review.clone().review(|_| Approved);
    let machines = [
        AnyDocument::from(draft()),
        in_review.clone().into(),
        approved.clone().into(),
        approved.publish(|_| Published { at: 7 }).into(),
        in_review.review(|_| Withdrawn).into(),
    ];
    for (machine, declared) in machines.into_iter().zip(Document::GRAPH.states) {
        assert_eq!(machine.state(), declared);
        let json = serde_json::to_string(&machine).expect("plain data serializes");
        let back: AnyDocument = serde_json::from_str(&json).expect("what was written reads");
        assert_eq!(back, machine, "{json}");
    }
}

#[test]
fn a_machine_in_json_is_readable_and_has_no_internals() {
    let json = serde_json::to_string_pretty(&AnyDocument::from(draft())).unwrap();
    expect![[r#"
        {
          "Draft": {
            "input": {
              "author": "an author"
            },
            "state": {
              "text": "on names"
            }
          }
        }"#]]
    .assert_eq(&json);
}

#[test]
fn the_graph_is_the_declaration() {
    let graph = Document::GRAPH;
    assert_eq!(graph.name, "Document");
    let states: Vec<_> = graph
        .states
        .iter()
        .map(|it| (it.name, it.kind, it.transient))
        .collect();
    assert_eq!(
        states,
        [
            ("Draft", StateKind::Start, false),
            ("InReview", StateKind::State, false),
            ("Approved", StateKind::State, true),
            ("Published", StateKind::Done, false),
            ("Withdrawn", StateKind::Failed, false),
        ]
    );
    let transitions: Vec<_> = graph
        .transitions
        .iter()
        .map(|it| (it.name, it.kind, it.sources, it.targets))
        .collect();
    assert_eq!(
        transitions,
        [
            ("submit", TransitionKind::Step, &[0][..], &[1][..]),
            ("review", TransitionKind::Step, &[1], &[2, 0, 4]),
            ("publish", TransitionKind::Step, &[2], &[3]),
        ]
    );
}

#[test]
fn the_graph_knows_what_is_legal_in_a_state() {
    let legal = |document: AnyDocument| {
        let exits = Document::GRAPH.exits(document.state());
        exits.map(|exit| exit.name).collect::<Vec<_>>()
    };
    let in_review = draft().submit(|draft| InReview { text: draft.text });
    assert_eq!(legal(in_review.clone().into()), ["review"]);
    assert_eq!(legal(in_review.review(|_| Withdrawn).into()), [""; 0]);
}

#[test]
fn a_machine_that_lost_its_type_still_lends_its_input() {
    assert_eq!(AnyDocument::from(draft()).input().author, "an author");
}

#[test]
fn the_diagrams_show_every_transition_and_what_is_final() {
    expect![[r"
        stateDiagram-v2
            [*] --> Draft
            Draft --> InReview: submit
            InReview --> Approved: review
            InReview --> Draft: review
            InReview --> Withdrawn: review
            Approved --> Published: publish
            Published --> [*]
            Withdrawn --> [*]
            classDef failed stroke:#c00,stroke-dasharray:4
            class Withdrawn failed
    "]]
    .assert_eq(&Document::GRAPH.mermaid().to_string());
    expect![[r#"
        digraph Document {
            rankdir=LR;
            node [shape=box, style=rounded];
            Draft [style="rounded,bold"];
            InReview;
            Approved;
            Published [peripheries=2];
            Withdrawn [peripheries=2, style="rounded,dashed"];
            Draft -> InReview [label="submit"];
            InReview -> Approved [label="review"];
            InReview -> Draft [label="review"];
            InReview -> Withdrawn [label="review"];
            Approved -> Published [label="publish"];
        }
    "#]]
    .assert_eq(&Document::GRAPH.dot().to_string());
}
