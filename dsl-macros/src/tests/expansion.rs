//! The expansion of a small block, as a reader would see it. `UPDATE_EXPECT=1 cargo test -p
//! stateway-macros` writes it anew.

use expect_test::{ExpectFile, expect_file};

use super::expand;
use crate::codegen::Reader;

const SPLIT: &str = r"
    workflow Bill {
        start Draft { lines: Vec<Line> };
        state Checked;
        done Paid;
        split check: Draft -> Checked {
            each line in lines: Line => u64, at most 8 with spawn;
            join all;
        }
        split pay: Checked -> Paid {
            branch cash: u64;
            branch card: Receipt with retry(3);
            join any within 5s;
        }
    }
";

const BLOCK: &str = r"
    /// A bill.
    #[derive(Clone)]
    pub workflow Bill {
        input { sum: u64, customer: Customer }
        start Draft;
        done Paid { receipt: String };
        failed Lost;
        /// Takes the money.
        step pay: Draft -> Paid | Lost;
    }
";

const DURABLE: &str = r"
    #[durable(version = 2)]
    #[derive(Clone)]
    workflow Bill {
        input { customer: Customer }
        start Draft { lines: Vec<Line> };
        #[derive(Serialize, Deserialize)]
        state Checked { sum: u64 };
        transient state Weighed;
        done Paid { receipt: Receipt, #[serde(skip)] cache: Cache };
        split check: Draft -> Checked {
            branch totals: Totals;
            branch limit: u64;
            join all;
        }
        step weigh: Checked -> Weighed;
        step pay: Weighed -> Paid with undo(refund);
    }
";

/// Branches for the entries of a map.
const ENTRIES: &str = r"
    workflow Bill {
        input { taxes: BTreeMap<String, u8> }
        start Draft { lines: BTreeMap<String, Line> };
        state Checked;
        done Paid;
        split check: Draft -> Checked {
            each (name, line) in lines: String, Line => u64;
            join all;
        }
        split tax: Checked -> Paid {
            each (tax_of, percent) in input.taxes: String, u8 => u64 with spawn, retry(2);
            join settled;
        }
    }
";

/// Clauses that read fields.
const NUMBERS: &str = r"
    workflow Bill {
        input { tries: u32, pause: Duration }
        start Draft { lines: Vec<Line>, limit: Duration, least: usize };
        start Copied { limit: Duration };
        state Checked { refunds: u8 };
        done Paid;
        step copy: Copied -> Checked with retry(input.tries, backoff limit..1m), timeout(limit);
        split check: Draft -> Checked with undo(uncheck, retry(refunds)) {
            each line in lines: Line => u64, at most input.tries with timeout(limit);
            join quorum(least) within input.pause;
        }
        poll pay every input.pause: Checked -> Paid;
    }
";

fn check(block: &str, reader: Reader, expected: &ExpectFile) {
    let (errors, code) = expand(block.parse().expect("the block lexes"), reader);
    assert!(errors.is_empty(), "{}", errors[0].message());
    let file = syn::parse2(code).expect("what is generated is Rust");
    expected.assert_eq(&prettyplease::unparse(&file));
}

#[test]
fn a_small_block_becomes_this_for_the_compiler() {
    check(
        BLOCK,
        Reader::Compiler,
        &expect_file!["for_the_compiler.rs.txt"],
    );
}

#[test]
fn a_small_block_becomes_this_for_an_editor() {
    check(BLOCK, Reader::Editor, &expect_file!["for_an_editor.rs.txt"]);
}

#[test]
fn a_split_becomes_this_for_the_compiler() {
    check(
        SPLIT,
        Reader::Compiler,
        &expect_file!["split_for_the_compiler.rs.txt"],
    );
}

#[test]
fn a_durable_block_becomes_this_for_the_compiler() {
    check(
        DURABLE,
        Reader::Compiler,
        &expect_file!["durable_for_the_compiler.rs.txt"],
    );
}

#[test]
fn clauses_that_read_fields_become_this_for_the_compiler() {
    check(
        NUMBERS,
        Reader::Compiler,
        &expect_file!["numbers_for_the_compiler.rs.txt"],
    );
}

#[test]
fn documentation_shows_the_fields_that_clauses_read() {
    let block = NUMBERS.parse().expect("the block lexes");
    let (_, code) = expand(block, Reader::Documentation);
    let text = code.to_string();
    for shown in [
        "`retry(input.tries, backoff limit..1m)`, `timeout(limit)`",
        "`undo(uncheck, retry(refunds))`",
        "each line in lines at most input.tries with timeout(limit); join quorum(least) within input.pause",
        "pay every input.pause",
    ] {
        assert!(text.contains(shown), "`{shown}` is not there");
    }
}

#[test]
fn branches_for_the_entries_of_a_map_become_this_for_the_compiler() {
    check(
        ENTRIES,
        Reader::Compiler,
        &expect_file!["entries_for_the_compiler.rs.txt"],
    );
}
