//! Transitions that leave several states: each of them counts, also where the language does not allow several.

use super::expand;
use crate::codegen::Reader;

/// The first lines of the errors of a block with these lines.
fn errors(lines: &str) -> Vec<String> {
    let block = format!(
        "#[durable(version = 1)] workflow Bill {{ start Draft; state Held {{ items: Vec<u8> }}; done Paid; {lines} }}"
    );
    let (errors, _) = expand(block.parse().expect("the block lexes"), Reader::Compiler);
    let first_line = |text: &str| text.lines().next().unwrap_or_default().to_owned();
    errors.iter().map(|it| first_line(it.message())).collect()
}

/// The expansion of a signal of two states, without spaces.
fn expanded(reader: Reader) -> String {
    let block =
        "workflow Bill { start Draft; state Held; done Paid; signal pay: Draft | Held -> Paid; }";
    let (_, code) = expand(block.parse().expect("the block lexes"), reader);
    code.to_string().replace(' ', "")
}

#[test]
fn the_items_of_an_each_are_looked_for_in_every_source() {
    let split = "split count: Held | Draft -> Paid { each item in items: u8 => u8; join all; }";
    let missing = "state `Draft` has no field `items`".to_owned();
    assert!(errors(split).contains(&missing), "{:?}", errors(split));
}

#[test]
fn items_without_an_order_are_reported_in_every_source() {
    let lines = "state Kept { items: HashSet<u8> }; split count: Held | Kept -> Paid { each item in items: u8 => u8; join all; }";
    let unordered =
        |error: &String| error.starts_with("the items of `items` come in another order");
    assert!(errors(lines).iter().any(unordered), "{:?}", errors(lines));
}

#[test]
fn every_source_has_the_method_and_is_in_the_documentation() {
    let code = expanded(Reader::Documentation);
    for state in ["Draft", "Held"] {
        let method = format!("implBill<{state}>");
        assert!(code.contains(&method), "{method}");
        let taken = format!("FnOnce({state})->Next");
        assert!(code.contains(&taken), "{taken}");
    }
    let code = expanded(Reader::Compiler);
    assert!(code.contains("Source<__names::pay,S,"), "{code}");
}
