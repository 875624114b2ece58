//! Every program beside this file compiles without a warning, and runs.
//!
//! Each is a module, so that they cost one build and not one each. They are public, as in a library: some lints look at
//! nothing else. They ask for what they are strict about; what the workspace asks of its own code is not their subject.

macro_rules! programs {
    ($($name:ident),* $(,)?) => {
        $(
            #[allow(missing_docs, missing_debug_implementations, unreachable_pub, dead_code, clippy::pedantic)]
            pub mod $name;
        )*

        const NAMES: &[&str] = &[$(stringify!($name)),*];

        #[cfg(test)]
        mod runs {
            $(
                #[test]
                fn $name() {
                    super::$name::main();
                }
            )*
        }
    };
}

programs! {
    awkward_names,
    called_like_what_a_split_would_join,
    derives_and_attributes,
    durable,
    every_lint_is_denied,
    every_policy,
    expression_in_a_type,
    in_a_function,
    no_implicit_prelude,
    perpetual,
    several_starts_and_an_outcome_by_name,
    smallest,
    splits,
    staying,
    two_workflows_with_equal_state_names,
    types_of_branches,
    types_of_several_spellings,
    unusual_but_legal,
    waiting,
}

#[test]
fn no_program_is_left_out() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/accept");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        })
        .filter(|name| name != "main")
        .collect();
    files.sort();
    assert_eq!(files, NAMES);
}
