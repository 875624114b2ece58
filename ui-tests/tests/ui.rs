//! Every program in `ui/accept` compiles without a warning; every one in `ui/reject` fails with
//! the message beside it.
//!
//! The texts are those of Rust 1.95: another compiler words its own part differently. After a
//! deliberate change, `TRYBUILD=overwrite cargo test -p stateway-ui-tests` writes them anew; read
//! them as someone who never saw the macro.

#[test]
fn legal_programs_compile_and_illegal_ones_say_why() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/accept/*.rs");
    cases.compile_fail("tests/ui/reject/*/*.rs");
}
