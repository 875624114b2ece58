//! What a small block becomes, as a reader would see it. `UPDATE_EXPECT=1 cargo test -p
//! stateway-macros` writes it anew.

use expect_test::expect_file;

use super::expand;

#[test]
fn a_small_block_becomes_this() {
    let block = r"
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
    let (errors, code) = expand(block.parse().expect("the block lexes"));
    assert!(errors.is_empty(), "{}", errors[0].message());
    let file = syn::parse2(code).expect("what is generated is Rust");
    expect_file!["small_block.rs.txt"].assert_eq(&prettyplease::unparse(&file));
}
