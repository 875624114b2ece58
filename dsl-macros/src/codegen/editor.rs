//! Completion inside the block.

use proc_macro2::TokenStream;
use quote::quote;

use super::Context;

/// Uses each state of each transition as a type, for editors only.
///
/// rust-analyzer completes what an unfinished word becomes in the expansion. In an empty target
/// that is a type, so it offers the declared states. This stands first and in a block of its own,
/// because the editor takes the first place that the word leads to.
pub(super) fn completions(cx: &Context<'_>) -> TokenStream {
    let transitions = cx.graph.ast.transitions.iter();
    let states =
        transitions.flat_map(|transition| transition.sources.iter().chain(&transition.targets));
    quote! {
        #[allow(unexpected_cfgs)]
        const _: () = {
            #[cfg(rust_analyzer)]
            {
                #(let _: #states;)*
            }
        };
    }
}
