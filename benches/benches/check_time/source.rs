//! The two crates: 20 modules with a workflow of 10 states each.

use std::fmt::Write as _;

const WORKFLOWS: usize = 20;

/// The states between the start and the two ends; each leads to the next or to `Failed`.
const MIDDLE: usize = 7;

/// Each workflow in a `workflow!` block.
pub(crate) fn generated() -> String {
    modules(|code| {
        code.push_str("    stateway::workflow! {\n        pub workflow Order {\n");
        code.push_str("            input { customer: u64, cart: Vec<String> }\n");
        code.push_str("            start S0 { value: u64, text: String };\n");
        for state in 1..=MIDDLE {
            writeln!(
                code,
                "            state S{state} {{ value: u64, text: String }};"
            )
            .unwrap();
        }
        code.push_str("            done Done { text: String };\n");
        code.push_str("            failed Failed { text: String };\n");
        for state in 0..=MIDDLE {
            let next = next(state);
            writeln!(
                code,
                "            step move{state}: S{state} -> {next} | Failed;"
            )
            .unwrap();
        }
        code.push_str("        }\n    }\n");
    })
}

/// Each workflow as a typestate by hand: the states, the machine, a method for each transition,
/// and the enum over all machines; in full, also its conversions, the handlers and the loop that calls them.
pub(crate) fn by_hand(in_full: bool) -> String {
    modules(|code| {
        code.push_str("    pub struct OrderInput { pub customer: u64, pub cart: Vec<String> }\n");
        for state in 0..=MIDDLE {
            writeln!(
                code,
                "    pub struct S{state} {{ pub value: u64, pub text: String }}"
            )
            .unwrap();
        }
        code.push_str("    pub struct Done { pub text: String }\n");
        code.push_str("    pub struct Failed { pub text: String }\n");
        code.push_str("    pub struct Order<S> { input: OrderInput, state: S }\n");
        code.push_str("    impl Order<S0> {\n        pub fn start(input: OrderInput, state: S0) -> Self { Order { input, state } }\n    }\n");
        code.push_str("    impl<S> std::ops::Deref for Order<S> {\n        type Target = S;\n        fn deref(&self) -> &S { &self.state }\n    }\n");
        code.push_str("    impl<S> Order<S> {\n        pub fn into_state(self) -> S { self.state }\n        pub fn input(&self) -> &OrderInput { &self.input }\n    }\n");
        for state in 0..=MIDDLE {
            let next = next(state);
            writeln!(
                code,
                "    impl Order<S{state}> {{
        pub fn move{state}(self, next: impl FnOnce(S{state}) -> {next}) -> Order<{next}> {{
            Order {{ input: self.input, state: next(self.state) }}
        }}
        pub fn fail{state}(self, next: impl FnOnce(S{state}) -> Failed) -> Order<Failed> {{
            Order {{ input: self.input, state: next(self.state) }}
        }}
    }}"
            )
            .unwrap();
        }
        code.push_str("    pub enum AnyOrder {\n");
        for state in 0..=MIDDLE {
            writeln!(code, "        S{state}(Order<S{state}>),").unwrap();
        }
        code.push_str("        Done(Order<Done>),\n        Failed(Order<Failed>),\n    }\n");
        if in_full {
            conversions(code);
            driver(code);
        }
    })
}

/// Between the machine in each state and the enum over all of them, both ways.
fn conversions(code: &mut String) {
    for state in all_states() {
        writeln!(
            code,
            "    impl From<Order<{state}>> for AnyOrder {{
        fn from(order: Order<{state}>) -> Self {{ AnyOrder::{state}(order) }}
    }}
    impl TryFrom<AnyOrder> for Order<{state}> {{
        type Error = AnyOrder;
        fn try_from(any: AnyOrder) -> Result<Self, AnyOrder> {{
            match any {{
                AnyOrder::{state}(order) => Ok(order),
                other => Err(other),
            }}
        }}
    }}"
        )
        .unwrap();
    }
}

fn driver(code: &mut String) {
    let outcomes = (0..=MIDDLE).map(|state| {
        let next = next(state);
        format!("    pub enum Move{state} {{ {next}({next}), Failed(Failed) }}\n")
    });
    code.extend(outcomes);
    let states: Vec<String> = (0..=MIDDLE)
        .map(|state| format!("S{state}(S{state})"))
        .collect();
    writeln!(
        code,
        "    pub enum State {{ {}, Done(Done), Failed(Failed) }}
    pub enum End {{ Done(Done), Failed(Failed) }}
    pub trait Steps: Send + Sync {{\n        type Error: Send + 'static;",
        states.join(", ")
    )
    .unwrap();
    for state in 0..=MIDDLE {
        writeln!(
            code,
            "        fn move{state}(&self, input: &OrderInput, from: S{state})
            -> impl Future<Output = Result<Move{state}, Self::Error>> + Send;"
        )
        .unwrap();
    }
    code.push_str(
        "    }
    impl<S> Order<S> where State: From<S> {
        pub async fn run<C: Steps>(self, context: &C) -> Result<End, C::Error> {
            let input = &self.input;
            let mut state = State::from(self.state);
            loop {
                state = match state {\n",
    );
    for state in 0..=MIDDLE {
        let next = next(state);
        writeln!(
            code,
            "                    State::S{state}(from) => match context.move{state}(input, from).await? {{
                        Move{state}::{next}(next) => State::{next}(next),
                        Move{state}::Failed(next) => State::Failed(next),
                    }},"
        )
        .unwrap();
    }
    code.push_str(
        "                    State::Done(end) => return Ok(End::Done(end)),
                    State::Failed(end) => return Ok(End::Failed(end)),
                };
            }
        }
    }\n",
    );
    for state in all_states() {
        writeln!(
            code,
            "    impl From<{state}> for State {{ fn from(state: {state}) -> Self {{ State::{state}(state) }} }}"
        )
        .unwrap();
    }
}

fn modules(content: impl Fn(&mut String)) -> String {
    let mut code = String::new();
    for module in 0..WORKFLOWS {
        writeln!(code, "pub mod m{module} {{").unwrap();
        content(&mut code);
        code.push_str("}\n");
    }
    code
}

fn all_states() -> impl Iterator<Item = String> {
    let before = (0..=MIDDLE).map(|state| format!("S{state}"));
    before.chain(["Done".to_owned(), "Failed".to_owned()])
}

fn next(state: usize) -> String {
    if state == MIDDLE {
        "Done".to_owned()
    } else {
        format!("S{}", state + 1)
    }
}
