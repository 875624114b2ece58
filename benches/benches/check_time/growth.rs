//! The growth of a check with the workflow: one workflow of 10 to 160 states, and one split of 5 to 80 branches.

use std::fmt::Write as _;
use std::path::Path;

use super::{Contestant, Mode};

const STATES: [usize; 5] = [10, 20, 40, 80, 160];
const BRANCHES: [usize; 3] = [5, 20, 80];

/// Each twice, and the faster counts: what disturbs a check makes it slower only.
const ROUNDS: usize = 2;

/// Prints the time and the memory that each size takes, from scratch.
pub(super) fn print(folder: &Path) {
    println!(
        "\ncargo check of one workflow from scratch, ms above an empty crate, and peak memory in MB"
    );
    let empty = measured(folder, "empty", String::new()).map_or(0.0, |(time, _)| time);
    let row = |name: &str, sizes: &[usize], source: &dyn Fn(usize) -> String| {
        print!("{name:<26}");
        for size in sizes {
            match measured(folder, "growth", source(*size)) {
                Some((time, memory)) => print!(" {:>7.0} ms {memory:>4} MB", time - empty),
                None => print!(" {:>18}", "does not compile"),
            }
        }
        println!();
    };
    let head = |what: &str, sizes: &[usize]| {
        print!("{what:<26}");
        for size in sizes {
            print!(" {size:>18}");
        }
        println!();
    };
    head("states", &STATES);
    row("stateway, plain", &STATES, &|size| chain(size, false));
    row("stateway, every clause", &STATES, &|size| chain(size, true));
    row("statig", &STATES, &statig);
    row("statum", &STATES, &statum);
    row("state-machines", &STATES, &state_machines);
    head("branches of a split", &BRANCHES);
    row("stateway, plain", &BRANCHES, &|size| split(size, false));
    row("stateway, every clause", &BRANCHES, &|size| {
        split(size, true)
    });
}

fn measured(folder: &Path, name: &str, source: String) -> Option<(f64, u64)> {
    let contestant = Contestant::new(folder, name, source);
    let checks = (0..ROUNDS).map(|round| contestant.check(Mode::FromScratch, round));
    let checks: Option<Vec<(f64, u64)>> = checks.collect();
    checks?
        .into_iter()
        .min_by(|one, other| one.0.total_cmp(&other.0))
}

/// A chain of `n` states, each left by a step to the next or to `Failed`.
fn chain(states: usize, with_clauses: bool) -> String {
    let mut code = String::from("stateway::workflow! {\n");
    if with_clauses {
        code.push_str("    #[derive(Clone)]\n");
    }
    code.push_str("    pub workflow Order {\n        input { customer: u64, cart: Vec<String> }\n");
    code.push_str("        start S0 { value: u64, text: String };\n");
    let last = states - 3;
    for state in 1..=last {
        writeln!(
            code,
            "        state S{state} {{ value: u64, text: String }};"
        )
        .unwrap();
    }
    code.push_str("        done Done { text: String };\n        failed Failed { text: String };\n");
    for state in 0..=last {
        let next = next(state, last);
        let clauses = if with_clauses {
            format!(" with retry(3), timeout(2s), undo({next} => undo{state})")
        } else {
            String::new()
        };
        writeln!(
            code,
            "        step move{state}: S{state} -> {next} | Failed{clauses};"
        )
        .unwrap();
    }
    code.push_str("    }\n}\n");
    code
}

/// A workflow of one split.
fn split(branches: usize, with_clauses: bool) -> String {
    let mut code = String::from(
        "stateway::workflow! {\n    #[derive(Clone)]\n    pub workflow Order {\n        start Asked { value: u64 };\n        \
         done Done;\n        split ask: Asked -> Done {\n",
    );
    let clauses = if with_clauses {
        " with retry(3), timeout(2s)"
    } else {
        ""
    };
    for branch in 0..branches {
        writeln!(code, "            branch b{branch}: String{clauses};").unwrap();
    }
    code.push_str("            join all;\n        }\n    }\n}\n");
    code
}

fn statig(states: usize) -> String {
    let mut code = String::from(
        "use statig::prelude::*;\n#[derive(Default)]\npub struct Order;\npub enum Event { Next, Fail }\n\
         #[state_machine(initial = \"State::s0()\")]\nimpl Order {\n",
    );
    let last = states - 3;
    for state in 0..=last {
        let next = next(state, last).to_lowercase();
        writeln!(
            code,
            "    #[state]\n    fn s{state}(event: &Event) -> Outcome<State> {{
        match event {{ Event::Next => Transition(State::{next}()), Event::Fail => Transition(State::failed()) }}
    }}"
        )
        .unwrap();
    }
    for end in ["done", "failed"] {
        writeln!(
            code,
            "    #[state]\n    fn {end}(event: &Event) -> Outcome<State> {{ let _ = event; Super }}"
        )
        .unwrap();
    }
    code.push_str("}\n");
    code
}

fn statum(states: usize) -> String {
    let last = states - 3;
    let names: Vec<String> = (0..=last).map(|state| format!("S{state}")).collect();
    let mut code = format!(
        "use statum::{{machine, state, transition}};\n#[state]\npub enum OrderState {{ {}, Done, Failed }}\n\
         #[machine]\npub struct Order<OrderState> {{ customer: u64 }}\n",
        names.join(", ")
    );
    for state in 0..=last {
        let next = next(state, last);
        writeln!(
            code,
            "#[transition]\nimpl Order<S{state}> {{
    pub fn move{state}(self) -> Order<{next}> {{ self.transition() }}
    pub fn fail{state}(self) -> Order<Failed> {{ self.transition() }}
}}"
        )
        .unwrap();
    }
    code
}

fn state_machines(states: usize) -> String {
    let last = states - 3;
    let names: Vec<String> = (0..=last).map(|state| format!("S{state}")).collect();
    let mut code = format!(
        "state_machines::state_machine! {{\n    name: Order,\n    initial: S0,\n    states: [{}, Done, Failed],\n    events {{\n",
        names.join(", ")
    );
    for state in 0..=last {
        let next = next(state, last);
        writeln!(
            code,
            "        move{state} {{ transition: {{ from: S{state}, to: {next} }} }}
        fail{state} {{ transition: {{ from: S{state}, to: Failed }} }}"
        )
        .unwrap();
    }
    code.push_str("    }\n}\n");
    code
}

fn next(state: usize, last: usize) -> String {
    if state == last {
        "Done".to_owned()
    } else {
        format!("S{}", state + 1)
    }
}
