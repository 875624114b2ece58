//! `step charge: Reserved -> Charged | Rejected with retry(5);` and its siblings.

use proc_macro2::Ident;
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Error, Result, Token, Type, parenthesized};

use super::tokens::{
    WithHelp as _, begins_declaration, declared_name, is_keyword, next_word, semicolon, skip, stop,
    unexpected, word,
};
use super::{attributes, clause, duration, split, tokens, types};
use crate::ast::{
    Attributes, Due, Duration, Signal, Split, Transition, TransitionKind, Workflow, plain,
};
use crate::diagnostics::Diagnostics;
use crate::suggest;

/// Words that may follow the name of a transition.
const HEADER: [&str; 6] = ["as", "after", "at", "every", "answers", "interrupts"];

/// Reads what follows the keyword of a transition.
pub(super) fn parse(
    input: ParseStream<'_>,
    meant: &str,
    attributes: Attributes,
    ast: &mut Workflow,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    attributes::misplaced(&attributes, "a transition", diagnostics);
    for derive in &attributes.derives {
        diagnostics
            .error(&derive.path, "a transition cannot derive")
            .help("`#[derive(..)]` on the workflow applies to the outcomes of its transitions as well");
    }
    let what = format!("the name of a {meant}");
    // A line that breaks off: the next one's keyword is not its name.
    if begins_declaration(input) && !tokens::second_is_one_of(input, &HEADER) {
        return Err(unexpected(input, &what));
    }
    let name = declared_name(input, &format!("a {meant}"))?;
    // From here on the transition exists, however much of its line can be read.
    let transition = Transition::begun(attributes, TransitionKind::Step, name);
    ast.transitions.push(transition);
    let transition = ast.transitions.last_mut().expect("one was just pushed");
    rest(input, meant, transition, &ast.unread, diagnostics)
}

/// Reads where the deadline of the workflow leads: `-> TooLate`.
pub(super) fn deadline(
    input: ParseStream<'_>,
    keyword: Ident,
    deadline: &Duration,
    ast: &mut Workflow,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    input.parse::<Token![->]>()?;
    let kind = TransitionKind::Deadline(deadline.clone());
    // Nobody chooses the name of this transition, and each workflow of a module may have one.
    let outcome = Ident::new(&format!("{}Deadline", plain(&ast.name)), keyword.span());
    let mut transition = Transition::begun(Attributes::default(), kind, keyword);
    transition.outcome = Some(outcome);
    ast.transitions.push(transition);
    let transition = ast.transitions.last_mut().expect("one was just pushed");
    let what = "the state that the deadline leads to";
    let targets = &mut transition.targets;
    states(input, &ast.unread, targets, what, diagnostics)?;
    if input.peek(syn::token::Brace) {
        let error = stop(input, "the deadline names a state, and no fields");
        let state = transition.targets.last().expect("one was read");
        return Err(error.with_help(&format!(
            "`{state}` is made of the machine: implement `From<Any{}>` for it",
            ast.name
        )));
    }
    transition.is_read = true;
    Ok(())
}

fn rest(
    input: ParseStream<'_>,
    keyword: &str,
    transition: &mut Transition,
    unread: &[String],
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    let name = transition.name.clone();
    if next_word(input).as_deref() == Some("as") {
        skip(input);
        transition.outcome = Some(declared_name(input, "an outcome")?);
    }
    transition.kind = kind(input, keyword)?;
    let has_head = head(input, keyword, transition, diagnostics)?;
    answers_too_late(input, transition, diagnostics)?;
    if input.peek(Token![->]) {
        return Err(unexpected(
            input,
            &format!("the state that {keyword} `{name}` leaves"),
        ));
    }
    states(
        input,
        unread,
        &mut transition.sources,
        "the state that it leaves",
        diagnostics,
    )?;
    answers_too_late(input, transition, diagnostics)?;
    if next_word(input).as_deref() == Some("interrupts") && transition.signal().is_some() {
        let error = stop(input, "`interrupts` stands before the states");
        diagnostics.detail(&error.with_help(&format!(
            "write `signal {name} interrupts A -> ..`, without a `:`"
        )));
        interrupt(input, transition)?;
    }
    transition.is_internal = stays(input, &transition.kind);
    if !transition.is_internal {
        if input.peek(Token![->]) {
            input.parse::<Token![->]>()?;
        } else {
            let error = unexpected(
                input,
                &format!("`->` and the states that `{name}` leads to"),
            );
            if next_word(input).is_none() || begins_declaration(input) {
                return Err(error);
            }
            diagnostics.detail(&error);
        }
        states(
            input,
            unread,
            &mut transition.targets,
            &format!("the state that `{name}` leads to"),
            diagnostics,
        )?;
    }
    transition.is_read = has_head;
    let is_split = matches!(transition.kind, TransitionKind::Split(_));
    if next_word(input).as_deref() == Some("with") {
        skip(input);
        clause::list(input, &mut transition.clauses, diagnostics)?;
    }
    if is_split {
        transition.kind = TransitionKind::Split(split::body(input, &name, diagnostics)?);
        if next_word(input).as_deref() == Some("with") {
            let error = unexpected(input, &format!("the next declaration after split `{name}`"));
            return Err(error.with_help("the clauses of a split stand before its `{`"));
        }
        let _: Option<Token![;]> = input.parse()?;
        return Ok(());
    }
    if let Some(word) = next_word(input).filter(|_| !begins_declaration(input)) {
        let error = unexpected(input, &format!("`;` after {keyword} `{name}`"));
        let has_clauses = !transition.clauses.is_empty();
        return Err(match word.as_str() {
            "with" => error.with_help("one `with` is enough: clauses are separated by `,`"),
            "if" | "when" => error.with_help(
                "no condition stands in the block: the handler chooses among the states that are named, and returns one",
            ),
            word if clause::kind(word).is_some() && has_clauses => {
                error.with_help("clauses are separated by `,`")
            }
            word if clause::kind(word).is_some() => {
                error.with_help(&format!("clauses follow `with`: `with {word}(..)`"))
            }
            _ => error,
        });
    }
    semicolon(input, &format!("{keyword} `{name}`"))
}

/// Reads the `:` before the states that are left, or `interrupts`. Returns false if what the line says of its states is not to be
/// judged, since it has neither, which is reported.
fn head(
    input: ParseStream<'_>,
    keyword: &str,
    transition: &mut Transition,
    diagnostics: &mut Diagnostics,
) -> Result<bool> {
    let name = transition.name.clone();
    let is_signal = transition.signal().is_some();
    let is_colon = input.peek(Token![:]) && !input.peek(Token![::]);
    if is_colon {
        let colon = input.parse::<Token![:]>()?;
        if is_signal && next_word(input).as_deref() == Some("interrupts") {
            interrupt(input, transition)?;
        }
        if transition.interrupts().is_some() {
            let message = format!("`interrupts` stands in place of the `:` of signal `{name}`");
            diagnostics.detail(&Error::new(colon.span, message).with_help("leave the `:` out"));
        }
    } else if let (true, Some(word)) = (is_signal, misspelt(input))
        && transition.interrupts().is_none()
    {
        let message = format!("unknown word `{word}` after signal `{name}`");
        diagnostics.detail(&stop(input, &message).with_help("did you mean `interrupts`?"));
        interrupt(input, transition)?;
    } else if !is_signal && next_word(input).as_deref() == Some("interrupts") {
        let message = format!("{keyword} `{name}` cannot interrupt a step: only a signal does");
        let help = match keyword {
            "timer" => {
                "limit the step that it would interrupt: `with deadline(..)`, and `catch` to go on from there"
            }
            _ => "write `:` in place of `interrupts`",
        };
        return Err(stop(input, &message).with_help(help));
    } else if transition.interrupts().is_none() {
        let error = unexpected(input, &format!("`: From -> To` after {keyword} `{name}`"));
        if next_word(input).is_none() || begins_declaration(input) {
            return Err(error);
        }
        diagnostics.detail(&error);
        // A signal may have been meant to interrupt.
        return Ok(!is_signal);
    }
    Ok(true)
}

/// Returns true if the line ends where an arrow would stand, and the transition may be an internal one.
fn stays(input: ParseStream<'_>, kind: &TransitionKind) -> bool {
    let may_stay = matches!(
        kind,
        TransitionKind::Signal(_) | TransitionKind::Timer { .. }
    );
    may_stay && (input.peek(Token![;]) || next_word(input).as_deref() == Some("with"))
}

fn kind(input: ParseStream<'_>, keyword: &str) -> Result<TransitionKind> {
    Ok(match keyword {
        "signal" => TransitionKind::Signal(Box::new(Signal {
            payload: payload(input)?,
            answers: answers(input)?,
            interrupts: interrupts(input)?,
        })),
        "timer" => TransitionKind::Timer { due: due(input)? },
        "poll" => {
            word(input, "every")?;
            let every = duration::parse(input, "how often to ask, such as `5s`")?;
            let cap = if input.peek(Token![..]) {
                input.parse::<Token![..]>()?;
                Some(duration::parse(input, "the longest pause, such as `5m`")?)
            } else {
                None
            };
            TransitionKind::Poll { every, cap }
        }
        "split" => TransitionKind::Split(Split::default()),
        _ => TransitionKind::Step,
    })
}

/// `(Signature)`, or nothing.
fn payload(input: ParseStream<'_>) -> Result<Option<Type>> {
    if !input.peek(syn::token::Paren) {
        return Ok(None);
    }
    let content;
    let parentheses = parenthesized!(content in input);
    if content.is_empty() {
        return Err(Error::new(
            parentheses.span.join(),
            "the type of what the signal carries is missing",
        )
        .with_help("write it, or leave the parentheses out if it carries nothing"));
    }
    let payload = types::parse(&content);
    if !content.is_empty() && payload.is_ok() {
        let error = stop(&content, "a signal carries one value")
            .with_help("put several values in a struct");
        super::tokens::skip_all(&content);
        return Err(error);
    }
    super::tokens::skip_all(&content);
    payload.map(Some)
}

/// `answers Cart`, or nothing.
fn answers(input: ParseStream<'_>) -> Result<Option<Type>> {
    if next_word(input).as_deref() != Some("answers") {
        return Ok(None);
    }
    skip(input);
    let is_colon = input.peek(Token![:]) && !input.peek(Token![::]);
    if is_colon || next_word(input).as_deref() == Some("interrupts") {
        return Err(unexpected(input, "the type of the answer"));
    }
    types::parse(input).map(Some)
}

/// A word that is probably meant to be `interrupts`.
fn misspelt(input: ParseStream<'_>) -> Option<String> {
    let word = next_word(input)?;
    let is_it = word.eq_ignore_ascii_case("interrupts")
        || word.starts_with(char::is_lowercase)
            && suggest::nearest(&word, ["interrupts"]).is_some();
    is_it.then_some(word)
}

/// Takes the word as `interrupts`.
fn interrupt(input: ParseStream<'_>, transition: &mut Transition) -> Result<()> {
    let word = input.call(Ident::parse_any)?;
    if let TransitionKind::Signal(signal) = &mut transition.kind {
        signal.interrupts.get_or_insert(word);
    }
    Ok(())
}

/// Takes an `answers` that stands behind its place.
fn answers_too_late(
    input: ParseStream<'_>,
    transition: &mut Transition,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    let TransitionKind::Signal(signal) = &mut transition.kind else {
        return Ok(());
    };
    if next_word(input).as_deref() == Some("answers") && signal.answers.is_none() {
        let error = stop(input, "`answers` and its type stand before the states");
        diagnostics.detail(&error.with_help("write it behind what the signal carries"));
        signal.answers = answers(input)?;
    }
    Ok(())
}

/// `interrupts`, or nothing.
fn interrupts(input: ParseStream<'_>) -> Result<Option<Ident>> {
    if next_word(input).as_deref() != Some("interrupts") {
        return Ok(None);
    }
    word(input, "interrupts").map(Some)
}

fn due(input: ParseStream<'_>) -> Result<Due> {
    match next_word(input).as_deref() {
        Some("after") => {
            skip(input);
            let is_field = next_word(input).is_some_and(|word| !is_keyword(&word));
            if is_field && input.cursor().literal().is_none() {
                return Ok(Due::AfterField(declared_name(
                    input,
                    "the field that holds how long",
                )?));
            }
            Ok(Due::After(duration::parse(
                input,
                "how long to wait, such as `14d`",
            )?))
        }
        Some("at") => {
            skip(input);
            Ok(Due::At(declared_name(
                input,
                "the field that holds the time",
            )?))
        }
        Some("every") => {
            skip(input);
            let every = duration::parse(input, "how often to fire, such as `1d`")?;
            if input.peek(Token![..]) {
                return Err(stop(input, "a timer does not back off")
                    .with_help("write `every` and one duration; a `poll` may back off"));
            }
            Ok(Due::Every(every))
        }
        _ => Err(unexpected(
            input,
            "`after` and a duration, `at` and a field, or `every` and a duration",
        )),
    }
}

/// `A | B`
fn states(
    input: ParseStream<'_>,
    unread: &[String],
    states: &mut Vec<Ident>,
    expected: &str,
    diagnostics: &mut Diagnostics,
) -> Result<()> {
    loop {
        match next_word(input).as_deref() {
            // The line ends too early: a name here belongs to what follows.
            None | Some("with") => return Err(unexpected(input, expected)),
            Some(_) if begins_declaration(input) => return Err(unexpected(input, expected)),
            // A state that is called like a keyword was reported where it is declared.
            Some(word) if is_keyword(word) && unread.iter().any(|unread| unread == word) => {
                skip(input);
            }
            Some(_) => states.push(declared_name(input, "a state")?),
        }
        if let Some((one, other)) = states.last().zip(after_a_comma(input)) {
            let error = stop(input, "states are separated by `|`");
            diagnostics.detail(&error.with_help(&format!("write `{one} | {other}`")));
        } else if !input.peek(Token![|]) {
            return Ok(());
        }
        skip(input);
    }
}

/// The word behind a comma, if it can be a state.
fn after_a_comma(input: ParseStream<'_>) -> Option<String> {
    let rest = input.peek(Token![,]).then(|| input.cursor().token_tree())?;
    let (word, _) = rest?.1.ident()?;
    let word = word.to_string();
    let is_other = word == "with" || clause::kind(&word).is_some() || is_keyword(&word);
    (!is_other).then_some(word)
}
