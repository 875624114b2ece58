//! Every program in `ui/reject` fails to compile with the message beside it.
//!
//! The texts are those of Rust 1.95: another compiler words its own part differently. After a
//! deliberate change, `TRYBUILD=overwrite cargo test -p stateway-ui-tests` writes them anew; read
//! them as someone who never saw the macro.

#[test]
fn illegal_programs_say_why() {
    let cases = trybuild::TestCases::new();
    // Nothing that has to run is among them: trybuild then checks all of them in one go, in a third of the time.
    cases.compile_fail("tests/ui/reject/*/*.rs");
}
