//! Storage of a `#[durable]` workflow: serde for its data, and its states as bytes.
//!
//! A field that serde cannot store is reported where it is declared, once. The derived code has bounds that the
//! compiler takes on trust, since they are for any lifetime, and the code that encodes compiles either way.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned as _;

use super::context::Context;
use super::derives;
use super::effects;
use super::logs;
use super::types::{is_stored_field, without_self};
use crate::ast::{Attributes, Field, State, StateKind, is_borrowed, is_told_otherwise, plain};
use crate::graph::{Found, ResolvedGroup, ResolvedState, StateId};

/// The crate under a name that derived code can find: serde takes its path as a text, in which the
/// crate has no name if it was renamed.
pub(super) fn alias(cx: &Context<'_>) -> Option<TokenStream> {
    cx.version?;
    let private = cx.private(Span::call_site());
    let alias = alias_name(cx);
    Some(quote! {
        #[doc(hidden)]
        #[allow(non_snake_case, unused_imports, clippy::all, clippy::pedantic)]
        use #private as #alias;
    })
}

fn alias_name(cx: &Context<'_>) -> Ident {
    format_ident!(
        "__{}_stored",
        plain(&cx.graph.ast.name),
        span = Span::call_site()
    )
}

/// The attributes of a stored struct.
#[derive(Default)]
pub(super) struct Serde {
    /// Before the struct, behind its derives.
    pub(super) attributes: TokenStream,
    /// Before each field.
    pub(super) of_fields: Vec<TokenStream>,
}

/// The serde of a struct with these fields, called `of`; `own` are the attributes of a state.
pub(super) fn serde(
    cx: &Context<'_>,
    own: Option<&Attributes>,
    fields: &[Field],
    of: &TokenStream,
) -> Serde {
    let nothing = || Serde {
        attributes: TokenStream::new(),
        of_fields: fields.iter().map(|_| TokenStream::new()).collect(),
    };
    if cx.version.is_none() {
        return nothing();
    }
    let known = derives::names(&cx.graph.ast.attributes, own);
    let missing = ["Serialize", "Deserialize"].map(|name| !known.iter().any(|it| it == name));
    if missing == [false, false] {
        return nothing();
    }
    let span = Span::call_site();
    let private = cx.private(span);
    let derived = ["Serialize", "Deserialize"].into_iter().zip(missing);
    let derived = derived
        .filter(|(_, is_missing)| *is_missing)
        .map(|(name, _)| {
            let name = Ident::new(name, span);
            quote!(#[derive(#private::serde::#name)])
        });
    let alias = alias_name(cx).to_string();
    let crate_path = format!("{alias}::serde");
    // Each type once: a bound that is there twice is ambiguous.
    let mut trusted: Vec<String> = Vec::new();
    let of_fields = fields.iter().map(|field| {
        if is_borrowed(&field.ty) && !is_told_otherwise(field) {
            // Reported already; derived code would say it again.
            let by = format!("{alias}::borrowed");
            return quote!(#[serde(skip_serializing, deserialize_with = #by)]);
        }
        let Some(ty) = on_trust(field, of) else {
            return TokenStream::new();
        };
        // At the type: what is wrong with it is said there, and not of the block as a whole.
        let literal = |text: String| {
            let mut literal = Literal::string(&text);
            literal.set_span(field.ty.span());
            literal
        };
        let bound = (!trusted.contains(&ty)).then(|| {
            // Where they are not needed, rustc warns of parentheses in a block that a macro of the user wrote.
            let (open, close) = if ends_in_bounds(&field.ty) {
                ("(", ")")
            } else {
                ("", "")
            };
            let serialize = literal(format!(
                "for<'__stored> &'__stored {open}{ty}{close}: {alias}::serde::Serialize"
            ));
            let deserialize = literal(format!(
                "for<'__stored> {open}{ty}{close}: {alias}::serde::Deserialize<'__stored>"
            ));
            quote!(#[serde(bound(serialize = #serialize, deserialize = #deserialize))])
        });
        trusted.push(ty);
        let by = format!("{alias}::by_reference");
        let by = missing[0].then(|| quote!(#[serde(serialize_with = #by)]));
        quote!(#bound #by)
    });
    let of_fields = of_fields.collect();
    Serde {
        attributes: quote!(#(#derived)* #[serde(crate = #crate_path)]),
        of_fields,
    }
}

/// The type of a field that is taken on trust, as a text; none for one that needs no trust, or that the user
/// tells serde about.
fn on_trust(field: &Field, of: &TokenStream) -> Option<String> {
    if !is_stored_field(field) {
        return None;
    }
    let ty = without_self(field.ty.to_token_stream(), of).to_string();
    // A text has no `$crate`.
    (!ty.contains('$')).then_some(ty)
}

/// Returns true if what follows the type could be read as a part of it.
fn ends_in_bounds(ty: &Type) -> bool {
    match ty {
        Type::Group(group) => ends_in_bounds(&group.elem),
        Type::TraitObject(_) | Type::ImplTrait(_) | Type::FnPtr(_) => true,
        _ => false,
    }
}

/// Serde for the machine, `AnyOrder` and `OrderEnd`, unless the workflow derives it.
pub(super) fn wrappers(cx: &Context<'_>) -> Option<TokenStream> {
    cx.version?;
    let known = derives::names(&cx.graph.ast.attributes, None);
    let (workflow, here, input, any, end) = (&cx.workflow, &cx.here, &cx.input, &cx.any, &cx.end);
    let span = cx.at(workflow.span());
    let private = cx.alias(span);
    let variants = |fits: &dyn Fn(&ResolvedState<'_>) -> bool| {
        let fitting = cx.graph.states.iter().filter(|state| fits(state));
        let variants = fitting.enumerate().map(|(position, state)| {
            let (name, position) = (state.name, Literal::usize_unsuffixed(position));
            let text = plain(name);
            quote!(#name #position #text;)
        });
        variants.collect::<TokenStream>()
    };
    let stored = variants(&is_stored);
    let finals = variants(&|state| state.kind.is_final());
    let transient = cx.graph.states.iter().filter(|state| !is_stored(state));
    let transient = transient.map(|state| state.name);
    let [machine_name, any_name, end_name] = [workflow, any, end].map(plain);
    let lists = quote! {
        #workflow<#here> #machine_name #input
        #any #any_name { #stored } { #(#transient)* }
        #end #end_name { #finals }
    };
    let patterns = [("Serialize", "serialize"), ("Deserialize", "deserialize")];
    let missing = patterns
        .into_iter()
        .filter(|(derive, _)| !known.iter().any(|it| it == derive));
    let written = missing.map(|(_, pattern)| {
        let pattern = Ident::new(pattern, span);
        quote_spanned!(span=> #private::#pattern! { #lists })
    });
    Some(written.collect())
}

/// Returns true if a run may be stored in this state.
fn is_stored(state: &ResolvedState<'_>) -> bool {
    state.declaration.is_none_or(crate::ast::State::is_stored)
}

/// Returns true if a run may be stored in a state of the group.
pub(super) fn is_group_stored(cx: &Context<'_>, group: &ResolvedGroup<'_>) -> bool {
    let mut members = group.members.iter();
    members.any(|member| is_stored(cx.graph.state(*member)))
}

/// `impl Durable for Order`.
pub(super) fn implementation(cx: &Context<'_>) -> Option<TokenStream> {
    let version = cx.version?;
    let (workflow, input, state) = (&cx.workflow, &cx.input, &cx.state);
    let span = cx.at(cx.workflow.span());
    let private = cx.alias(span);
    let kept: Vec<_> = cx
        .graph
        .states
        .iter()
        .filter(|state| is_stored(state))
        .map(|it| it.name)
        .collect();
    let positions = cx
        .graph
        .states
        .iter()
        .enumerate()
        .filter(|(_, state)| is_stored(state))
        .map(|(position, _)| position);
    let (read, index, logs) = (signals(cx), index(cx), logs::stored(cx));
    let effects = effects::stored(cx);
    let has_transient = kept.len() < cx.graph.states.len();
    let transient = has_transient.then(|| quote!(_ => #private::never_stored(),));
    let starts: Vec<_> = cx
        .graph
        .states
        .iter()
        .filter(|state| state.kind == StateKind::Start)
        .map(|state| state.name)
        .collect();
    let named = cx
        .stored_name
        .map(|name| quote!(const NAME: &'static str = #name;));
    let history = cx
        .history
        .map(|rows| quote!(const HISTORY: #private::Option<u32> = #private::Some(#rows);));
    let result = |what: TokenStream| quote!(#private::Result<#what, #private::CodecError>);
    let (bytes, of_input, of_state) = (
        result(quote!(#private::Vec<u8>)),
        result(input.to_token_stream()),
        result(state.to_token_stream()),
    );
    Some(quote_spanned! {span=>
        #[allow(unused_imports)]
        use #private::{NotCompared as _, NotStored as _};

        impl #private::Durable for #workflow {
            const VERSION: u32 = #version;
            #named
            #history
            const PACKAGE: &'static str = #private::package(::core::option_env!("CARGO_PKG_NAME"));

            fn encode_input(input: &#input, codec: &dyn #private::Codec) -> #bytes {
                #private::Stored(#private::Some(input)).encode(codec)
            }

            fn decode_input(bytes: &[u8], codec: &dyn #private::Codec) -> #of_input {
                #private::Stored::<#input>(#private::None).decode(bytes, codec, #private::identity)
            }

            fn encode(state: &#state, codec: &dyn #private::Codec) -> #bytes {
                match state {
                    #(#state::#kept(state) => #private::Stored(#private::Some(state)).encode(codec),)*
                    #transient
                }
            }

            fn decode(position: usize, bytes: &[u8], codec: &dyn #private::Codec) -> #of_state {
                match position {
                    #(#positions => #private::Stored::<#kept>(#private::None).decode(bytes, codec, #state::#kept),)*
                    _ => #private::never_stored(),
                }
            }

            #read
            #index
            #logs
            #effects

            fn same_input(one: &#input, other: &#input) -> #private::Option<bool> {
                #private::Compared(one, other).is_same()
            }

            fn same_start(one: &#state, other: &#state) -> #private::Option<bool> {
                match (one, other) {
                    #((#state::#starts(one), #state::#starts(other)) => {
                        #private::Compared(one, other).is_same()
                    })*
                    _ => #private::None,
                }
            }
        }
    })
}

/// The function that reads what a signal carries.
fn signals(cx: &Context<'_>) -> Option<TokenStream> {
    let span = cx.at(cx.workflow.span());
    let private = cx.alias(span);
    let (mut arms, mut from_json) = (TokenStream::new(), TokenStream::new());
    let mut answers = TokenStream::new();
    for (position, transition) in cx.graph.transitions.iter().enumerate() {
        // One that borrows is reported already.
        let payload = transition.declaration.payload();
        if let Some(payload) = payload.filter(|ty| !is_borrowed(ty)) {
            let stored = quote!(#private::Stored::<#payload>(#private::None));
            arms.extend(quote! {
                #position => #stored.decode(bytes, codec, #private::AnyPayload::new),
            });
            from_json.extend(quote!(#position => #stored.from_json(json, codec),));
        }
        if let Some(answer) = transition
            .declaration
            .answers()
            .filter(|ty| !is_borrowed(ty))
        {
            answers.extend(quote! {
                #position => #private::Stored::<#answer>(#private::Some(answer.get())).encode(codec)?,
            });
        }
    }
    let encode_answer = (!answers.is_empty()).then(|| {
        quote_spanned! {span=>
            fn encode_answer(
                transition: usize,
                answer: &#private::AnyPayload,
                codec: &dyn #private::Codec,
            ) -> #private::Result<#private::Option<#private::Vec<u8>>, #private::CodecError> {
                #private::Ok(#private::Some(match transition {
                    #answers
                    _ => return #private::Ok(#private::None),
                }))
            }
        }
    });
    (!arms.is_empty() || encode_answer.is_some()).then(|| {
        quote_spanned! {span=>
            #encode_answer

            fn signal_from_json(
                transition: usize,
                json: &[u8],
                codec: &dyn #private::Codec,
            ) -> #private::Result<#private::Vec<u8>, #private::CodecError> {
                match transition {
                    #from_json
                    _ => #private::nothing_from_json(json, codec),
                }
            }

            fn decode_signal(
                transition: usize,
                bytes: &[u8],
                codec: &dyn #private::Codec,
            ) -> #private::Result<#private::AnyPayload, #private::CodecError> {
                match transition {
                    #arms
                    _ => #private::Ok(#private::AnyPayload::nothing()),
                }
            }
        }
    })
}

/// The function that says what a run is found by in its state.
fn index(cx: &Context<'_>) -> Option<TokenStream> {
    let state = &cx.state;
    let span = cx.at(cx.workflow.span());
    let private = cx.alias(span);
    let stored = cx.graph.ids().filter(|id| is_stored(cx.graph.state(*id)));
    let arms = stored.filter_map(|id| {
        let of = cx.graph.state(id);
        let entries = indexed(cx, id).map(|Found { field, path }| {
            let (name, text) = (&field.name, plain(&field.name));
            let at = cx.at(field.ty.span());
            let private = cx.alias(at);
            quote_spanned!(at=> #private::indexed(&mut entries, #text, &state #(.#path)*.#name);)
        });
        let entries: TokenStream = entries.collect();
        let name = of.name;
        (!entries.is_empty()).then(|| quote!(#state::#name(state) => { #entries }))
    });
    let arms: TokenStream = arms.collect();
    (!arms.is_empty()).then(|| {
        quote_spanned! {span=>
            fn index(state: &#state) -> #private::Vec<#private::IndexEntry> {
                let mut entries = #private::Vec::new();
                match state {
                    #arms
                    _ => {}
                }
                entries
            }
        }
    })
}

/// The fields by which a run is found in a state: its own, and those of the groups around it.
fn indexed<'a>(cx: &'a Context<'_>, id: StateId) -> impl Iterator<Item = Found<'a>> {
    let declaration = cx.graph.state(id).declaration;
    let own = declaration.into_iter().flat_map(State::own_fields);
    let own = own.map(|field| Found {
        field,
        path: Vec::new(),
    });
    let groups = cx
        .graph
        .group_types()
        .filter_map(move |(group, of)| Some((cx.graph.path_to(id, group)?, of)));
    let shared = groups.flat_map(|(path, of)| {
        let fields = of.declaration.fields.iter().filter(|it| !it.is_group);
        fields.map(move |field| Found {
            field,
            path: path.clone(),
        })
    });
    own.chain(shared)
        .filter(|found| found.field.index.is_some())
}
