//! A graph as a picture: Mermaid and DOT.

use core::fmt::{self, Display};
use core::time::Duration;

use crate::{
    BranchInfo, Due, Graph, Jitter, Policy, Retry, SplitInfo, StateKind, Strategy, TransitionInfo,
    TransitionKind,
};

/// A graph as a Mermaid state diagram; see [`Graph::mermaid`].
#[derive(Debug, Clone, Copy)]
pub struct Mermaid<'a>(&'a Graph);

/// A graph in the DOT language of Graphviz; see [`Graph::dot`].
#[derive(Debug, Clone, Copy)]
pub struct Dot<'a>(&'a Graph);

impl Graph {
    /// Returns the graph as a Mermaid state diagram, which `Display` writes.
    ///
    /// ```
    /// # fn print(graph: &stateway_core::Graph) {
    /// println!("{}", graph.mermaid());
    /// # }
    /// ```
    #[must_use]
    pub const fn mermaid(&self) -> Mermaid<'_> {
        Mermaid(self)
    }

    /// Returns the graph in the DOT language of Graphviz, which `Display` writes.
    #[must_use]
    pub const fn dot(&self) -> Dot<'_> {
        Dot(self)
    }

    /// Each way from a state to another, by their names; an internal transition leads back.
    fn arrows(&self) -> impl Iterator<Item = (&'static str, &'static str, &TransitionInfo)> {
        let name = |position: usize| self.states[position].name;
        // The deadline leaves every state, and so none in particular.
        let drawn = self.transitions.iter();
        let drawn = drawn.filter(|it| it.kind != TransitionKind::Deadline);
        drawn.flat_map(move |transition| {
            transition.sources.iter().flat_map(move |source| {
                let back = transition.is_internal().then_some(source);
                let targets = transition.targets.iter().chain(back);
                targets.map(move |target| (name(*source), name(*target), transition))
            })
        })
    }

    /// The state that the deadline leads to, if it leads to one, with when it passes.
    fn late_to(&self) -> Option<(&'static str, Written<Duration>)> {
        let [target] = self.transitions[self.late()?].targets else {
            return None;
        };
        Some((self.states[*target].name, Written(self.deadline?)))
    }

    fn of_kind(&self, kind: StateKind) -> impl Iterator<Item = &'static str> {
        let states = self.states.iter().filter(move |it| it.kind == kind);
        states.map(|state| state.name)
    }
}

impl Display for Mermaid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let graph = self.0;
        f.write_str("stateDiagram-v2\n")?;
        for start in graph.of_kind(StateKind::Start) {
            writeln!(f, "    [*] --> {start}")?;
        }
        for (source, target, transition) in graph.arrows() {
            // A semicolon would end the label.
            let label = Label(transition, ",");
            writeln!(f, "    {source} --> {target}: {label}")?;
        }
        if let Some((target, deadline)) = graph.late_to() {
            writeln!(f, "    state \"deadline {deadline}\" as deadline")?;
            writeln!(f, "    deadline --> {target}")?;
        }
        for state in graph.states.iter().filter(|state| state.kind.is_final()) {
            writeln!(f, "    {} --> [*]", state.name)?;
        }
        let mut failed = graph.of_kind(StateKind::Failed);
        let Some(first) = failed.next() else {
            return Ok(());
        };
        f.write_str("    classDef failed stroke:#c00,stroke-dasharray:4\n")?;
        write!(f, "    class {first}")?;
        for state in failed {
            write!(f, ",{state}")?;
        }
        f.write_str(" failed\n")
    }
}

impl Display for Dot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let graph = self.0;
        writeln!(f, "digraph {} {{", graph.name)?;
        f.write_str("    rankdir=LR;\n    node [shape=box, style=rounded];\n")?;
        for state in graph.states {
            let look = match state.kind {
                StateKind::Start => " [style=\"rounded,bold\"]",
                StateKind::State => "",
                StateKind::Done => " [peripheries=2]",
                StateKind::Failed => " [peripheries=2, style=\"rounded,dashed\"]",
            };
            writeln!(f, "    {}{look};", state.name)?;
        }
        for (source, target, transition) in graph.arrows() {
            let label = Label(transition, ";");
            writeln!(f, "    {source} -> {target} [label=\"{label}\"];")?;
        }
        if let Some((target, deadline)) = graph.late_to() {
            writeln!(
                f,
                "    deadline [label=\"deadline {deadline}\", shape=plaintext];"
            )?;
            writeln!(f, "    deadline -> {target};")?;
        }
        f.write_str("}\n")
    }
}

/// A transition with what it does, and what stands before its join.
struct Label<'a>(&'a TransitionInfo, &'a str);

impl Display for Label<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Label(transition, separator) = self;
        f.write_str(transition.name)?;
        match (transition.kind, transition.due) {
            (TransitionKind::Signal, _) => {
                f.write_str("(")?;
                // A colon would end the label.
                for (number, part) in transition.payload.unwrap_or("").split("::").enumerate() {
                    f.write_str(if number == 0 { "" } else { "." })?;
                    f.write_str(part)?;
                }
                f.write_str(")")?;
                if transition.interrupts {
                    f.write_str(" interrupts")?;
                }
            }
            (_, Some(Due::After(duration))) => write!(f, " after {}", Written(duration))?,
            (_, Some(Due::AfterField(field))) => write!(f, " after {field}")?,
            (_, Some(Due::At(field))) => write!(f, " at {field}")?,
            (_, Some(Due::Every(every))) => write!(f, " every {}", Written(every))?,
            (_, Some(Due::Backoff { first, cap })) => {
                write!(f, " every {}..{}", Written(first), Written(cap))?;
            }
            (_, None) => {}
        }
        if transition.is_internal() {
            f.write_str(", internal")?;
        }
        let Some(split) = &transition.split else {
            return Ok(());
        };
        for (number, branch) in split.branches.iter().enumerate() {
            f.write_str(if number == 0 { " of " } else { ", " })?;
            label_branch(f, branch)?;
        }
        write!(f, "{separator} join ")?;
        label_join(f, split)
    }
}

fn label_branch(f: &mut fmt::Formatter<'_>, branch: &BranchInfo) -> fmt::Result {
    match branch.each {
        None => f.write_str(branch.name)?,
        Some(each) => {
            write!(f, "each {} in {}", branch.name, each.field)?;
            if let Some(most) = each.at_most {
                write!(f, " at most {most}")?;
            }
        }
    }
    let mut separator = " with ";
    let mut clause = |f: &mut fmt::Formatter<'_>, clause: &dyn Display| {
        let result = write!(f, "{separator}{clause}");
        separator = ", ";
        result
    };
    let policy: &Policy = &branch.policy;
    if let Some(retry) = policy.retry {
        clause(f, &Written(retry))?;
    }
    if let Some(timeout) = policy.timeout {
        clause(f, &format_args!("timeout({})", Written(timeout)))?;
    }
    if let Some(deadline) = policy.deadline {
        clause(f, &format_args!("deadline({})", Written(deadline)))?;
    }
    for (keyword, handler) in [("breaker", policy.breaker), ("limit", policy.limit)] {
        if let Some(handler) = handler {
            clause(f, &format_args!("{keyword}({handler})"))?;
        }
    }
    if branch.spawn {
        clause(f, &"spawn")?;
    }
    Ok(())
}

fn label_join(f: &mut fmt::Formatter<'_>, split: &SplitInfo) -> fmt::Result {
    match split.strategy {
        Strategy::All => f.write_str("all")?,
        Strategy::Any => f.write_str("any")?,
        Strategy::Quorum(needed) => write!(f, "quorum({needed})")?,
        Strategy::Percent(percent) => write!(f, "percent({percent})")?,
        Strategy::Settled(0) => f.write_str("settled")?,
        Strategy::Settled(least) => write!(f, "settled(min {least})")?,
    }
    match split.within {
        Some(within) => write!(f, " within {}", Written(within)),
        None => Ok(()),
    }
}

/// Something as a block has it, with defaults written out.
struct Written<T>(T);

impl Display for Written<Retry> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Written(retry) = self;
        match retry.attempts {
            Some(attempts) => write!(f, "retry({attempts}")?,
            None => f.write_str("retry(forever")?,
        }
        if retry.first == retry.cap {
            write!(f, ", every {}", Written(retry.first))?;
        } else {
            let (first, cap) = (Written(retry.first), Written(retry.cap));
            write!(f, ", backoff {first}..{cap}")?;
            if (retry.factor - 2.0).abs() > f64::EPSILON {
                write!(f, ", factor {}", retry.factor)?;
            }
            f.write_str(match retry.jitter {
                Jitter::Equal => "",
                Jitter::Full => ", full jitter",
                Jitter::None => ", no jitter",
            })?;
        }
        f.write_str(")")
    }
}

impl Display for Written<Duration> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = self.0.as_millis();
        if left == 0 {
            return f.write_str("0ms");
        }
        for (unit, length) in [
            ("d", 86_400_000),
            ("h", 3_600_000),
            ("m", 60_000),
            ("s", 1_000),
            ("ms", 1),
        ] {
            let count = left / length;
            left %= length;
            if count > 0 {
                write!(f, "{count}{unit}")?;
            }
        }
        Ok(())
    }
}
