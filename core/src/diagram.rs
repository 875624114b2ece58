//! A graph as a picture: Mermaid and DOT.

use core::fmt::{self, Display};
use core::time::Duration;

use crate::{
    BranchInfo, Due, Given, Graph, GroupInfo, Jitter, Policy, Retry, SplitInfo, StateInfo,
    StateKind, Strategy, TransitionInfo, TransitionKind,
};

/// A graph as a Mermaid state diagram, which `Display` writes; see [`Graph::mermaid`].
///
/// ```
/// # use stateway_core::{Graph, StateKind, TransitionKind, graph, state, transition};
/// # struct Order;
/// # impl Order {
/// #     const GRAPH: Graph = graph(
/// #         "Order",
/// #         &[state("Placed", StateKind::Start, false), state("Charged", StateKind::Done, false)],
/// #         &[transition("charge", TransitionKind::Step, &[0], &[1])],
/// #     );
/// # }
/// // For a page that GitHub or rustdoc renders.
/// let page = format!("```mermaid\n{}```\n", Order::GRAPH.mermaid());
/// assert!(page.contains("Placed --> Charged: charge"));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Mermaid<'a>(&'a Graph);

/// A graph in the DOT language of Graphviz, which `Display` writes; see [`Graph::dot`].
///
/// ```
/// # use stateway_core::{Graph, StateKind, TransitionKind, graph, state, transition};
/// # struct Order;
/// # impl Order {
/// #     const GRAPH: Graph = graph(
/// #         "Order",
/// #         &[state("Placed", StateKind::Start, false), state("Charged", StateKind::Done, false)],
/// #         &[transition("charge", TransitionKind::Step, &[0], &[1])],
/// #     );
/// # }
/// // Printed, it goes into `dot -Tsvg > order.svg`.
/// let dot = Order::GRAPH.dot().to_string();
/// assert!(dot.contains("Placed -> Charged [label=\"charge\"];"));
/// ```
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

    /// Returns the arrows from one state to another, by their names; that of an internal transition leads back.
    fn arrows(&self) -> impl Iterator<Item = (End, &'static str, &TransitionInfo)> {
        let name = |position: usize| self.states[position].name;
        // The deadline leaves every state, so its arrow begins at none.
        let drawn = self.transitions.iter();
        let drawn = drawn.filter(|it| it.kind != TransitionKind::Deadline);
        drawn.flat_map(move |transition| {
            transition.sources.iter().flat_map(move |source| {
                let end = self.drawn_from(transition.sources, *source);
                let back = transition.is_internal().then_some(source);
                let targets = transition.targets.iter().chain(back);
                end.into_iter().flat_map(move |end| {
                    let targets = targets.clone();
                    targets.map(move |target| (end, name(*target), transition))
                })
            })
        })
    }

    /// Returns the box from which the arrow of a transition out of `source` begins: the state itself, or the outermost group
    /// that the transition leaves as one. A group has one arrow, at its first state.
    fn drawn_from(&self, sources: &[usize], source: usize) -> Option<End> {
        let is_left = |group: &&GroupInfo| {
            let is_several = group.states.len() > 1 && group.states.contains(&source);
            is_several && group.states.iter().all(|state| sources.contains(state))
        };
        // The first is the outermost: an inner group comes after its outer one.
        let Some(group) = self.groups.iter().find(is_left) else {
            let state = self.states[source].name;
            return Some(End { state, group: None });
        };
        let first = sources.iter().find(|it| group.states.contains(it));
        (first == Some(&source)).then(|| End {
            state: self.states[source].name,
            group: Some(group.name),
        })
    }

    /// Returns the states of this group, or of none, that are in no inner group.
    fn members(&self, group: Option<usize>) -> impl Iterator<Item = &StateInfo> {
        let states = self.states.iter().enumerate();
        let of = move |state: usize| {
            let mut groups = self.groups.iter();
            // The innermost is the last.
            groups.rposition(|it| it.states.contains(&state))
        };
        let members = states.filter(move |(position, _)| of(*position) == group);
        members.map(|(_, state)| state)
    }

    /// Returns the groups directly within this one, or within none.
    fn inner(&self, group: Option<usize>) -> impl Iterator<Item = (usize, &GroupInfo)> {
        let groups = self.groups.iter().enumerate();
        groups.filter(move |(_, it)| it.within == group)
    }

    /// Returns the state that the deadline leads to, if it leads to one, with the time of the deadline.
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

/// The box that an arrow begins at.
#[derive(Debug, Clone, Copy)]
struct End {
    /// A state.
    state: &'static str,
    /// The group around it, if the arrow begins at that.
    group: Option<&'static str>,
}

impl Mermaid<'_> {
    /// Writes the boxes of the groups within this one.
    fn groups(
        self,
        f: &mut fmt::Formatter<'_>,
        within: Option<usize>,
        depth: usize,
    ) -> fmt::Result {
        let Mermaid(graph) = self;
        let width = 4 * depth;
        for (position, group) in graph.inner(within) {
            writeln!(f, "{:width$}state {} {{", "", group.name)?;
            for state in graph.members(Some(position)) {
                writeln!(f, "{:width$}    {}", "", state.name)?;
            }
            self.groups(f, Some(position), depth + 1)?;
            writeln!(f, "{:width$}}}", "")?;
        }
        Ok(())
    }
}

impl Dot<'_> {
    /// Writes the states of this group, and the groups within it.
    fn states(
        self,
        f: &mut fmt::Formatter<'_>,
        within: Option<usize>,
        depth: usize,
    ) -> fmt::Result {
        let Dot(graph) = self;
        let width = 4 * depth;
        for state in graph.members(within) {
            let look = match state.kind {
                StateKind::Start => " [style=\"rounded,bold\"]",
                StateKind::State => "",
                StateKind::Done => " [peripheries=2]",
                StateKind::Failed => " [peripheries=2, style=\"rounded,dashed\"]",
            };
            writeln!(f, "{:width$}{}{look};", "", state.name)?;
        }
        for (position, GroupInfo { name, .. }) in graph.inner(within) {
            writeln!(f, "{:width$}subgraph cluster_{name} {{", "")?;
            writeln!(f, "{:width$}    label=\"{name}\";", "")?;
            self.states(f, Some(position), depth + 1)?;
            writeln!(f, "{:width$}}}", "")?;
        }
        Ok(())
    }
}

impl Display for Mermaid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let graph = self.0;
        f.write_str("stateDiagram-v2\n")?;
        self.groups(f, None, 1)?;
        for start in graph.of_kind(StateKind::Start) {
            writeln!(f, "    [*] --> {start}")?;
        }
        for (source, target, transition) in graph.arrows() {
            // A semicolon would end the label.
            let label = Label(transition, ",");
            let source = source.group.unwrap_or(source.state);
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
        if !graph.groups.is_empty() {
            f.write_str("    compound=true;\n")?;
        }
        self.states(f, None, 1)?;
        for (source, target, transition) in graph.arrows() {
            let label = Label(transition, ";");
            let End { state, group } = source;
            write!(f, "    {state} -> {target} [label=\"{label}\"")?;
            if let Some(group) = group {
                write!(f, ", ltail=cluster_{group}")?;
            }
            f.write_str("];\n")?;
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

/// The label of a transition, with the separator before its join.
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
            match each.value {
                None => write!(f, "each {} in {}", branch.name, each.field)?,
                Some(value) => write!(f, "each ({}, {value}) in {}", branch.name, each.field)?,
            }
            if let Some(most) = each.at_most {
                write!(f, " at most {}", Written(most))?;
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
    if policy.once {
        clause(f, &"once")?;
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
        Strategy::Quorum(needed) => write!(f, "quorum({})", Written(needed))?,
        Strategy::Percent(percent) => write!(f, "percent({})", Written(percent))?,
        Strategy::Settled(Given::Written(0)) => f.write_str("settled")?,
        Strategy::Settled(least) => write!(f, "settled(min {})", Written(least))?,
    }
    match split.within {
        Some(within) => write!(f, " within {}", Written(within)),
        None => Ok(()),
    }
}

/// A value as a block has it, with defaults written out.
struct Written<T>(T);

impl<T: Copy> Display for Written<Given<T>>
where
    Written<T>: Display,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Given::Written(value) => Written(value).fmt(f),
            Given::Field(field) => f.write_str(field),
        }
    }
}

impl Display for Written<u32> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Display for Written<usize> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Display for Written<Retry<Given<u32>, Given<Duration>>> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Written(retry) = self;
        match retry.attempts {
            Some(attempts) => write!(f, "retry({}", Written(attempts))?,
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
