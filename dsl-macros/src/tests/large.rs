//! Blocks that are larger, or nest deeper, than anyone writes by hand.

use proc_macro2::TokenStream;

use super::expand;
use super::fuzz::count;
use crate::codegen::Reader;

fn expanded(declarations: &str) -> (Vec<String>, TokenStream) {
    let block: TokenStream = format!("workflow Large {{ {declarations} }}")
        .parse()
        .expect("the block lexes");
    let (errors, code) = expand(block, Reader::Compiler);
    let errors = errors.iter().map(|error| error.message().to_owned());
    (errors.collect(), code)
}

fn lines(n: usize, line: impl Fn(usize) -> String) -> String {
    (0..n).map(line).collect()
}

/// Expects a block of four times the lines to have no more than five times the code.
#[track_caller]
fn grows_in_proportion(block: impl Fn(usize) -> String) {
    let size = |n| count(&expanded(&block(n)).1);
    let (nothing, some, four_times) = (size(1), size(40), size(160));
    assert!(
        four_times - nothing <= 5 * (some - nothing),
        "{nothing}, {some}, {four_times}"
    );
}

#[test]
fn a_large_block_becomes_code_in_proportion() {
    // A chain.
    grows_in_proportion(|n| {
        let state = |i| format!("state S{i}; step go{i}: S{i} -> S{};", i + 1);
        format!("start S; step go: S -> S0; {} done S{n};", lines(n, state))
    });
    // States that lead to one, and to which one leads.
    grows_in_proportion(|n| {
        let (targets, state) = (lines(n, |i| format!("| S{i}")), |i| {
            format!("state S{i}; step go{i}: S{i} -> D;")
        });
        format!(
            "start S; done D; step go: S -> D {targets}; {}",
            lines(n, state)
        )
    });
    grows_in_proportion(|n| {
        let fields = lines(n, |i| format!("f{i}: u8,"));
        format!("start S {{ {fields} }}; done D; step go: S -> D;")
    });
    grows_in_proportion(|n| {
        let branches = lines(n, |i| format!("branch b{i}: u8;"));
        format!("start S; done D; split go: S -> D {{ {branches} branch b: u8; join all; }}")
    });
    // Lines that are wrong.
    grows_in_proportion(|n| {
        let wrong = lines(n, |i| format!("state S; step go: S -> Undeclared{i};"));
        format!("start A; done D; {wrong}")
    });
}

#[test]
fn every_state_of_a_large_cycle_without_a_way_out_is_reported() {
    let n = 400;
    let state = |i| format!("state S{i}; step go{i}: S{i} -> S{};", (i + 1) % n);
    let cycle = lines(n, state);
    let (errors, _) = expanded(&format!("start S; done D; step go: S -> S0 | D; {cycle}"));
    let of_the_cycle = |error: &&String| error.starts_with("no final state can be reached from");
    assert_eq!(errors.iter().filter(of_the_cycle).count(), n);
    assert_eq!(errors.len(), n);
}

/// Puts `open` around a type again and again, until it is refused, and far more often.
fn nest(open: &str, close: &str) {
    let errors = |n| {
        let nested = format!("{}u8{}", open.repeat(n), close.repeat(n));
        expanded(&format!(
            "start S {{ f: {nested} }}; done D; step go: S -> D;"
        ))
        .0
    };
    let readable = (0..100).take_while(|n| errors(*n).is_empty()).count();
    assert!(readable > 30, "{open}: {:?}", errors(readable));
    for n in [readable, 10_000] {
        let [error] = &errors(n)[..] else {
            panic!("{open}: it is one error: {:?}", errors(n));
        };
        assert!(
            error.starts_with("this nests too deep to be read"),
            "{open}: {error}"
        );
    }
}

#[test]
fn a_type_that_nests_without_end_is_an_error() {
    // The stack of rustc and of rust-analyzer.
    let stack = std::thread::Builder::new().stack_size(8 << 20);
    let nested = stack.spawn(|| {
        nest("Vec<", ">");
        nest("&'static ", "");
        nest("*const ", "");
        nest("[", "; 1]");
        nest("(", ",)");
        nest("fn(u8) -> ", "");
        nest("Box<dyn Fn() -> ", ">");
        nest("A<B = ", ">");
        nest("<", " as A>::B");
        nest("for<'a> fn(", ")");
        nest("[u8; {", "}]");
        nest("[u8; !", "]");
    });
    nested
        .expect("there is a thread")
        .join()
        .expect("it is read");
}
