#!/usr/bin/env python3
"""Checks what an editor shows of a `workflow!` block, with a real rust-analyzer.

Each claim prints `ok` or `FAILED` with what was seen; what is seen and not demanded prints as an
observation. The exit code is 1 if a claim failed. README.md says how to run it.
"""

import argparse
import difflib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True

from editor import CURSOR, Editor  # noqa: E402
from lsp import LspError  # noqa: E402

STATEWAY = Path(__file__).resolve().parents[2] / "runtime"

STATES = ["Placed", "Reserved", "Charged", "Shipped", "Rejected"]
STEPS = ["reserve", "charge", "ship"]

BLOCK = """\
use stateway::prelude::*;

workflow! {
    /// One order, from checkout to doorstep.
    #[derive(Debug)]
    pub workflow Order {
        input { items: u32 }

        start  Placed;
        state  Reserved { hold: u64 };
        state  Charged;
        done   Shipped;
        failed Rejected;

        step reserve: Placed -> Reserved | Rejected;
        step charge: Reserved -> Charged | Rejected;
        step ship: Charged -> Shipped;
    }
}
"""

USE = """
pub fn reserved(order: Order<Placed>) -> Order<Reserved> {
    order.reserve(|_: Placed| Reserved { hold: 7 })
}
"""

HANDLERS = """
pub struct Shop;

impl OrderSteps for Shop {
    type Error = std::convert::Infallible;$0
}
"""

DOT = """
pub fn reserved(order: Order<Placed>) {
    order.$0
}
"""

CHARGE = "        step charge: Reserved -> Charged | Rejected;\n"

SPLIT = """\
        split charge: Reserved -> Charged | Rejected with undo(refund), catch(charge_later) {
            branch card: u64 with retry(3);
            branch points: String;
            join quorum(1) within 5s;
        }
"""

EACH = """\
        split charge: Reserved -> Charged | Rejected {
            each part in parts: u64 => String, at most 8;
            join all;
        }
"""

WAITS = """\
        signal charge(u64): Reserved -> Charged | Rejected;
        signal note(String): Reserved;
        signal ask answers u64: Reserved;
        signal settle_up(u64) answers String: Reserved -> Charged;
        timer  remind every 1d: Reserved;
        poll   settle every 5s..5m: Reserved -> Charged;
        signal abort(String) interrupts Placed -> Charged;
        deadline 30d -> Late;
        failed Late;
"""

SHIP = "step ship: Charged -> Shipped;"


class Report:
    """Prints the claims as they are judged and counts those that failed."""

    def __init__(self):
        self.failed = 0

    def claim(self, name, holds, seen):
        print(f"{'ok    ' if holds else 'FAILED'} {name}")
        if not holds:
            self.failed += 1
            print(indented(f"seen: {seen}"))

    def observe(self, name, seen):
        print(f"seen   {name}")
        print(indented(str(seen)))


def indented(text):
    lines = text.splitlines()
    more = [f".. and {len(lines) - 40} lines more"] if len(lines) > 40 else []
    return "\n".join(f"       | {line}" for line in lines[:40] + more)


def names_of_states_are_completed(editor, report):
    """At an empty end of a transition and at half a word, the declared states are offered."""
    lines = [
        "step ship: Charged -> $0;",
        "step ship: Charged -> $0",
        "step ship: Charged -> Shipped | $0;",
        "step ship: $0 -> Shipped;",
        "step ship: Charged -> Res$0;",
        "step ship: Charged -> Res$0",
        "step ship: Cha$0 -> Shipped;",
    ]
    for line in lines:
        offered = editor.completions(editor.write(BLOCK.replace(SHIP, line) + USE))
        missing = [state for state in STATES if state not in offered]
        shown = line.replace(CURSOR, "|")
        report.claim(f"states are offered at `{shown}`", not missing, shorten(offered))
        if "-> |;" in shown:
            others = [name for name in offered if name not in STATES]
            report.observe("offered beside the states", shorten(others))


def transitions_are_completed(editor, report):
    """After `order.`, what is legal here is offered, and nothing that is not."""
    offered = editor.completions(editor.write(BLOCK + DOT))
    for name in ["reserve", "into_state", "input", "run"]:
        report.claim(f"`order.` in `Placed` offers `{name}`", name in offered, offered)
    for name in ["charge", "ship"]:
        report.claim(f"`order.` in `Placed` does not offer `{name}`", name not in offered, offered)
    no_internals(report, "`order.`", offered)
    report.observe("offered after `order.`", ", ".join(sorted(offered)))

    offered = editor.completions(editor.write(BLOCK + DOT.replace("Placed", "Reserved")))
    wanted = ["charge", "hold"]
    shown = all(name in offered for name in wanted) and "reserve" not in offered
    report.claim("`order.` in `Reserved` offers `charge` and the field `hold`", shown, offered)

    offered = editor.completions(editor.write(BLOCK + "pub fn empty() {\n    $0\n}\n"))
    no_internals(report, "an empty line", offered)


def no_internals(report, where, offered):
    internal = [name for name in offered if re.match(r"__|(Reserve|Charge|Ship)(From|To)", name)]
    report.claim(f"no generated internals at {where}", not internal, internal)


def missing_handlers_are_written(editor, report):
    """"Implement missing members" writes `async fn`s, and what it writes compiles."""
    title = "Implement missing members"
    at = editor.write(BLOCK + HANDLERS)
    text = editor.assist(at, title)
    report.claim(f'"{title}" is offered', text is not None, "no such code action")
    if text is None:
        return
    written = added(editor.text, text)
    report.observe("written by it", written)
    signature = (
        "async fn reserve(&self, placed: Placed, step: &Step<Reserve>)"
        " -> Result<Reserve, Self::Error>"
    )
    loose = spaceless(written.replace("stateway::Step", "Step"))
    report.claim(f"it writes `{signature}`", spaceless(signature) in loose, written)
    report.claim("it writes no attributes", "#[" not in written, written)
    errors = editor.cargo_check(text)
    report.claim("what it writes passes `cargo check`", not errors, errors)


def handlers_of_clauses_are_written(editor, report):
    """So are the handlers that clauses name; the provided ones are left to the user."""
    step = "step charge: Reserved -> Charged | Rejected"
    clauses = "with retry(3), undo(refund), catch(charge_later), breaker(bank), limit(quota);"
    block = BLOCK.replace(f"{step};", f"{step} {clauses}").replace("derive(Debug)", "derive(Debug, Clone)")
    at = editor.write(block + HANDLERS)
    text = editor.assist(at, "Implement missing members")
    written = added(editor.text, text or editor.text)
    loose = spaceless(written.replace("stateway::", ""))
    for signature in [
        "async fn refund(&self, charged: Charged, undo: &Undo<Charge>) -> Result<(), Self::Error>",
        "async fn charge_later(&self, reserved: Reserved, cause: Cause<Self::Error>, step: &Step<Charge>)"
        " -> Result<Charge, Self::Error>",
        "fn bank(&self) -> &Breaker",
        "fn quota(&self) -> &Limiter",
    ]:
        report.claim(f"it writes `{signature}`", spaceless(signature) in loose, written)
    report.claim("it does not write `retryable`", "retryable" not in written, written)
    errors = editor.cargo_check(text or editor.text)
    report.claim("what it writes for clauses passes `cargo check`", not errors, errors)


def split_block(split):
    fields = "{ hold: u64, parts: Vec<u64> }"
    return BLOCK.replace(CHARGE, split).replace("{ hold: u64 }", fields).replace("derive(Debug)", "derive(Debug, Clone)")


def handlers_of_a_split_are_written(editor, report):
    """The handlers of branches, and of the split with what it joins."""
    cases = [
        (SPLIT, [
            "async fn card(&self, reserved: &Reserved, branch: &Branch<Charge>) -> Result<u64, Self::Error>",
            "async fn points(&self, reserved: &Reserved, branch: &Branch<Charge>) -> Result<String, Self::Error>",
            "async fn charge(&self, reserved: Reserved, joined: ChargeJoined<Self::Error>, step: &Step<Charge>)"
            " -> Result<Charge, Self::Error>",
            "async fn charge_later(&self, reserved: Reserved, cause: Cause<Self::Error>, step: &Step<Charge>)"
            " -> Result<Charge, Self::Error>",
        ]),
        (EACH, [
            "async fn part(&self, reserved: &Reserved, part: &u64, branch: &Branch<Charge>)"
            " -> Result<String, Self::Error>",
            "async fn charge(&self, reserved: Reserved, joined: ChargeJoined, step: &Step<Charge>)"
            " -> Result<Charge, Self::Error>",
        ]),
    ]
    for split, signatures in cases:
        at = editor.write(split_block(split) + HANDLERS)
        text = editor.assist(at, "Implement missing members")
        written = added(editor.text, text or editor.text)
        loose = spaceless(written.replace("stateway::", ""))
        for signature in signatures:
            report.claim(f"it writes `{signature}`", spaceless(signature) in loose, written)
        errors = editor.cargo_check(text or editor.text)
        report.claim("what it writes for a split passes `cargo check`", not errors, errors)

    joined = """
pub fn outputs(joined: ChargeJoined<()>) {
    joined.$0
}
"""
    offered = editor.completions(editor.write(split_block(SPLIT) + joined))
    report.claim("`joined.` offers the branches", {"card", "points"} <= set(offered), offered)


def handlers_of_what_waits_are_written(editor, report):
    """Those of signals, timers and polls, also of what stays and what is answered."""
    # What is interrupted is kept.
    block = BLOCK.replace(CHARGE, WAITS).replace("derive(Debug)", "derive(Debug, Clone)")
    signatures = [
        "async fn charge(&self, reserved: Reserved, payload: u64, step: &Step<OnCharge>) -> Result<OnCharge, Self::Error>",
        "async fn note(&self, reserved: &mut Reserved, string: String, step: &Step<OnNote>) -> Result<(), Self::Error>",
        "async fn ask(&self, reserved: &mut Reserved, step: &Step<OnAsk>) -> Result<u64, Self::Error>",
        "async fn settle_up(&self, reserved: Reserved, payload: u64, step: &Step<OnSettleUp>)"
        " -> Result<Answered<OnSettleUp, String>, Self::Error>",
        "async fn remind(&self, reserved: &mut Reserved, step: &Step<OnRemind>) -> Result<(), Self::Error>",
        "async fn settle(&self, reserved: &Reserved, step: &Step<OnSettle>) -> Result<Option<OnSettle>, Self::Error>",
        "async fn abort(&self, placed: Placed, string: String, step: &Step<OnAbort>) -> Result<OnAbort, Self::Error>",
    ]
    at = editor.write(block + HANDLERS)
    text = editor.assist(at, "Implement missing members")
    written = added(editor.text, text or editor.text)
    loose = spaceless(written.replace("stateway::", ""))
    for signature in signatures:
        report.claim(f"it writes `{signature}`", spaceless(signature) in loose, written)
    errors = editor.cargo_check(text or editor.text)
    report.claim("what it writes for what waits passes `cargo check`", not errors, errors)

    offered = editor.completions(editor.write(block + DOT.replace("Placed", "Reserved")))
    wanted = {"charge", "note", "ask", "remind", "settle", "deadline"}
    report.claim("`order.` in `Reserved` offers what leaves it and what stays", wanted <= set(offered), offered)
    sends = "\npub fn sends(remote: stateway::Remote<Order>) {\n    remote.$0\n}\n"
    offered = editor.completions(editor.write(block + sends))
    report.claim("`remote.` offers the signals", {"charge", "note", "ask"} <= set(offered), offered)
    editor.write(block + USE)
    diagnostics = editor.diagnostics()
    report.claim("no diagnostics in a whole block that waits", not diagnostics, messages(diagnostics))


def a_half_typed_branch_costs_that_line(editor, report):
    """Inside the braces of a split as well."""
    whole = "            branch points: String;\n"
    for line in ["branch", "branch points", "branch points:", "branch points: String with", "bran", "each", "join"]:
        half = f"            {line}\n"
        editor.write(split_block(SPLIT.replace(whole, half)) + USE.replace("hold: 7", "hold: 7, parts: Vec::new()"))
        at = editor.text.splitlines().index(half.rstrip())
        diagnostics = editor.diagnostics()
        near = [it for it in diagnostics if it["range"]["start"]["line"] in (at, at + 1)]
        told = 1 <= len(near) <= 2 and len(near) == len(diagnostics)
        report.claim(f"no cascade from `{line}`", told, messages(diagnostics))
    for split in [SPLIT, EACH]:
        editor.write(split_block(split) + USE.replace("hold: 7", "hold: 7, parts: Vec::new()"))
        diagnostics = editor.diagnostics()
        report.claim("no diagnostics in a whole split", not diagnostics, messages(diagnostics))


def a_half_typed_line_costs_that_line(editor, report):
    """Errors stay at the line, and the rest of the program keeps its completions."""
    lines = [
        "step cha",
        "step charge:",
        "step charge: Reserved",
        "step charge: Reserved ->",
        "step charge: Reserved -> Cha",
        "step charge: Reserved -> Charged with",
        "state Lo",
        "state",
        "step",
    ]
    whole = "        step charge: Reserved -> Charged | Rejected;\n"
    for line in lines:
        half = f"        {line}\n"
        # A state is typed between the lines, a transition is typed again.
        begun = BLOCK.replace(whole, half if line.startswith("step") else half + whole)
        offered = editor.completions(editor.write(begun + DOT))
        alive = "reserve" in offered and "into_state" in offered
        report.claim(f"completion below lives beside `{line}`", alive, offered)

        editor.write(begun + USE)
        at = editor.text.splitlines().index(half.rstrip())
        diagnostics = editor.diagnostics()
        # What is missing at the end of a line is noticed at the first word of the next.
        near = [it for it in diagnostics if it["range"]["start"]["line"] in (at, at + 1)]
        told = 1 <= len(near) <= 2 and len(near) == len(diagnostics)
        report.claim(f"no cascade from `{line}`", told, messages(diagnostics))

    editor.write(BLOCK + USE)
    diagnostics = editor.diagnostics()
    report.claim("no diagnostics in a whole block", not diagnostics, messages(diagnostics))


def definitions_lead_into_the_block(editor, report):
    """Go-to-definition on what the block declares ends at the declaration."""
    any_order = "\npub fn any(order: Order<Charged>) -> AnyOrder {\n    order.into()\n}\n"
    editor.write(BLOCK + USE + any_order)
    cases = [
        ("Order<Placed>", "Placed", "start  Placed;"),
        ("Order<Placed>", "Order", "pub workflow Order {"),
        ("order.reserve", "reserve", "step reserve: Placed -> Reserved | Rejected;"),
        ("hold: 7", "hold", "state  Reserved { hold: u64 };"),
        ("-> AnyOrder", "AnyOrder", "pub workflow Order {"),
        ("step reserve: Placed", "Placed", "start  Placed;"),
    ]
    for text, word, declaration in cases:
        found = editor.definitions(editor.position_of(text, word))
        name = f"the definition of `{word}` in `{text}` is `{declaration}`"
        report.claim(name, found == [declaration], found)


def a_rename_edits_block_and_code(editor, report):
    """From the code or from the block, a rename edits both."""
    editor.write(BLOCK + USE)
    renamed = re.sub(r"\bPlaced\b", "Received", editor.text)
    for text in ["Order<Placed>", "start  Placed", "step reserve: Placed"]:
        rename(editor, report, text, "Placed", "Received", renamed)
    renamed = editor.text.replace("step reserve", "step hold_back")
    renamed = renamed.replace("order.reserve", "order.hold_back")
    for text in ["order.reserve", "step reserve"]:
        rename(editor, report, text, "reserve", "hold_back", renamed)

    matched = "\npub fn is_new(order: &AnyOrder) -> bool {\n    matches!(order, AnyOrder::Placed(_))\n}\n"
    editor.write(BLOCK + USE + matched)
    for text in ["Order<Placed>", "start  Placed", "AnyOrder::Placed"]:
        try:
            new = editor.rename(editor.position_of(text, "Placed"), "Received")
            seen = difference(editor.text, new)
        except LspError as error:
            seen = error
        report.observe(f"rename of `Placed` at `{text}` beside `AnyOrder::Placed`", seen)


def rename(editor, report, text, old, new, expected):
    name = f"a rename of `{old}` at `{text}` edits the block and the code"
    try:
        result = editor.rename(editor.position_of(text, old), new)
    except LspError as error:
        report.claim(name, False, error)
        return
    report.claim(name, result == expected, difference(editor.text, result))


def hover_shows_the_transitions(editor, report):
    """Hovering over the machine shows what leads where."""
    editor.write(BLOCK + USE)
    for text in ["Order<Placed>", "workflow Order"]:
        shown = editor.hover(editor.position_of(text, "Order"))
        rows = [re.search(rf"^\|.*`step {it}`.*\|", shown, re.M) for it in STEPS]
        report.claim(f"hover over `Order` in `{text}` shows the transitions", all(rows), shown)
    once = shown.count("# Transitions") == 1
    report.claim("hover over the declaration shows them once", once, f"{len(shown)} characters")
    report.observe("hover over the declaration", "\n".join(signatures(shown)))

    shown = editor.hover(editor.position_of("step reserve", "reserve"))
    seen = signatures(shown)
    foreign = [it for it in seen if re.match(r"(core|std|stateway|extern)\b|\w+$", it)]
    report.claim("hover over a step explains the step alone", not foreign, "\n".join(foreign))
    report.observe("hover over `reserve` in the block", "\n".join(seen))


CLAIMS = [
    names_of_states_are_completed,
    transitions_are_completed,
    missing_handlers_are_written,
    handlers_of_clauses_are_written,
    handlers_of_a_split_are_written,
    handlers_of_what_waits_are_written,
    a_half_typed_branch_costs_that_line,
    a_half_typed_line_costs_that_line,
    definitions_lead_into_the_block,
    a_rename_edits_block_and_code,
    hover_shows_the_transitions,
]


def added(before, after):
    """What one insertion put into a text."""
    blocks = difflib.SequenceMatcher(None, before.splitlines(), after.splitlines(), autojunk=False)
    lines = after.splitlines()
    new = [lines[b1:b2] for tag, _, _, b1, b2 in blocks.get_opcodes() if tag != "equal"]
    return "\n".join(line for block in new for line in block)


def difference(before, after):
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))


def messages(diagnostics):
    shown = [
        f"{it['range']['start']['line'] + 1}: {it['message'].splitlines()[0]}" for it in diagnostics
    ]
    return "\n".join(shown) or "nothing"


def shorten(names):
    names = list(names)
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return (", ".join(names[:20]) or "nothing") + more


def signatures(hover):
    """The first line of each piece of code in a hover, without the names of modules."""
    pieces = re.findall(r"```rust\n(.*?)\n```", hover, re.S)
    first = [piece.splitlines()[0] for piece in pieces]
    return [line for line in first if not re.fullmatch(r"shop(::\w+)*", line)]


def spaceless(text):
    return re.sub(r"\s", "", text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rust-analyzer", default="rust-analyzer", metavar="PATH")
    program = shutil.which(parser.parse_args().rust_analyzer)
    if program is not None and Path(program).resolve().name == "rustup":
        # Called by its own name, that is no rust-analyzer.
        found = subprocess.run(["rustup", "which", "rust-analyzer"], capture_output=True, text=True)
        program = found.stdout.strip() or None
    if program is None:
        parser.error("rust-analyzer not found: README.md says how to get it")

    report = Report()
    with tempfile.TemporaryDirectory() as folder, open(Path(folder) / "log", "wb") as log:
        crate = Path(folder).resolve() / "shop"
        crate.mkdir()
        editor = Editor(str(Path(program).resolve()), crate, STATEWAY, BLOCK + USE, log)
        try:
            for claim in CLAIMS:
                claim(editor, report)
        finally:
            editor.close()
    print(f"{report.failed} failed" if report.failed else "all ok")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
