//! Names that are written with `r#`: nothing that is read shows how they are written.

use proc_macro2::{TokenStream, TokenTree};

use super::expand;
use crate::codegen::Reader;

const RAW: &str = r"
    #[durable(version = 1)]
    #[derive(Clone)]
    workflow r#Bill {
        input { r#type: u64 }
        start r#Draft { r#in: Vec<u64> };
        state r#Checked;
        state r#Sent;
        done r#Paid;
        failed r#Lost;
        split r#match: r#Draft -> r#Checked | r#Lost with undo(r#Checked => r#unsafe), catch(r#while) {
            branch r#loop: r#u64 with retry(2), breaker(r#use), limit(r#mod);
            branch r#let: u32;
            join all;
        }
        split r#for: r#Checked -> r#Sent {
            branch r#where: u64;
            branch r#else: u64;
            join any;
        }
        step r#try: r#Sent -> r#Paid | r#Lost with catch(r#yield), undo(r#fn);
    }
";

/// Every text of the code that is generated for a reader.
fn texts(block: &str, reader: Reader) -> Vec<String> {
    fn collect(tokens: TokenStream, texts: &mut Vec<String>) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => collect(group.stream(), texts),
                TokenTree::Literal(literal) => texts.push(literal.to_string()),
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }
    let (errors, code) = expand(block.parse().expect("the block lexes"), reader);
    let errors: Vec<_> = errors.iter().map(|it| it.message().to_owned()).collect();
    assert_eq!(errors, [""; 0]);
    let mut texts = Vec::new();
    collect(code, &mut texts);
    texts.retain(|text| text.contains("r#") && !text.starts_with("r#") && !text.starts_with("r\""));
    texts
}

#[test]
fn a_raw_name_is_plain_in_diagrams_documentation_and_what_is_stored() {
    for reader in [Reader::Compiler, Reader::Documentation, Reader::Editor] {
        assert_eq!(texts(RAW, reader), [""; 0], "{reader:?}");
    }
}
