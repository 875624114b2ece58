//! The implementations that every workflow has, for the lists of its states and transitions.
//!
//! They stand here and not in the procedural macro, which is compiled without optimisation where a program is
//! checked while it is written: rustc fills in this pattern many times as fast as the macro could write the same
//! code. What an error may point to (the methods, the handlers, the conversions) is written by the macro, since
//! code from a pattern has no place in the user's file.

/// Ties the states and the transitions of a workflow together.
///
/// `$names` is the module of the types that print as names, `$position`s are those in the workflow's graph, and
/// `shared` are the sources that several transitions leave.
#[doc(hidden)]
#[macro_export]
macro_rules! __typestate {
    (
        $workflow:ident<$here:ident> $input:tt $state:ident $any:ident $end:ident $names:ident;
        states { $($name:ident $position:literal ($($exit:ident)*);)* }
        transitions { $($transition:ident $outcome:ident $number:literal ($($target:ident)*);)* }
        shared { $($source:ident $leaving:ident ($($legal:ident)*);)* }
    ) => {
        pub enum $state { $($name($name),)* }

        impl $crate::Workflow for $workflow {
            type Input = $input;
            type State = $state;
            type Any = $any;
            type End = $end;

            const GRAPH: &'static $crate::Graph = <$workflow>::GRAPH;

            fn into_parts(any: $any) -> ($input, $state) {
                match any { $($any::$name(machine) => $crate::parts(machine.0, $state::$name),)* }
            }

            fn position(state: &$state) -> usize {
                match *state { $($state::$name(_) => $position,)* }
            }
        }

        $(impl $crate::State for $name {
            type Workflow = $workflow;
            type Exits = ($($names::$exit),*);

            fn any(machine: $crate::Machine<$input, Self>) -> $any { $any::$name($workflow(machine)) }
        })*

        $(impl $crate::Transition for $outcome {
            type Workflow = $workflow;
            const POSITION: usize = $number;
            type Words = ($names::$transition, ($($target),*));

            fn into_state(self) -> $state {
                match self { $($outcome::$target(state) => $state::$target(state),)* }
            }
        }

        $(impl $crate::Accepts<$target> for $outcome {
            fn accept(state: $target) -> Self { $outcome::$target(state) }
        })*)*

        $(impl $crate::Source<$names::$leaving, $source, ($($names::$legal),*)> for $source {})*
    };
}
