//! The implementations that every workflow has, for the lists of its states and transitions.
//!
//! They stand here and not in the procedural macro, which is compiled without optimisation when an editor checks a
//! program: rustc fills in this pattern many times as fast as the macro could write the same
//! code. The macro writes the code that an error may point to (the methods, the handlers, the conversions), since
//! code from a pattern has no place in the user's file.

/// Ties the states and the transitions of a workflow together.
///
/// `$names` is the module of the types that print as names, `$position`s are those in the workflow's graph, and
/// `shared` are the sources that several transitions leave. The code that moves states is in groups of a few: without
/// optimisation each arm of a `match` that moves a state has its own room for it on the stack.
#[doc(hidden)]
#[macro_export]
macro_rules! __typestate {
    (
        $workflow:ident<$here:ident> $input:tt $state:ident $any:ident $end:ident $names:ident;
        states { $($name:ident $position:literal ($($exit:ident)*);)* }
        groups { $([$($member:ident)*])* }
        finals { $($final:ident $last:literal;)* }
        transitions {
            $($transition:ident $outcome:ident $number:literal ($($target:ident)*) $groups:tt;)*
        }
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
                let (mut from, mut to) = ($crate::Some(any), $crate::None);
                $({
                    fn part(any: $any) -> $crate::Result<($input, $state), $any> {
                        $crate::Ok(match any {
                            $($any::$member(machine) => $crate::parts(machine.0, $state::$member),)*
                            any => return $crate::Err(any),
                        })
                    }
                    $crate::ask(&mut from, &mut to, part);
                })*
                $crate::put_there(to)
            }

            fn position(state: &$state) -> usize {
                match *state { $($state::$name(_) => $position,)* }
            }

            fn state<$here: $crate::State<Workflow = Self>>(state: $here) -> $state {
                let (mut from, mut to) = ($crate::Some(state), $crate::None);
                $($crate::put(&mut from, &mut to, $state::$name);)*
                $crate::put_there(to)
            }

            fn gather(input: &mut $crate::Option<$input>, place: &mut $crate::Option<$state>) -> $any {
                match place {
                    $($crate::Some($state::$name(_)) => $crate::gather(input, place, $workflow, $any::$name),)*
                    $crate::None => $crate::nothing_is_left(place),
                }
            }

            fn end(place: &mut $crate::Option<$state>) -> $crate::Option<($end, usize)> {
                match place {
                    $($crate::Some($state::$final(_)) => $crate::end(place, $end::$final, $last),)*
                    _ => $crate::None,
                }
            }
        }

        $(impl $crate::State for $name {
            type Workflow = $workflow;
            type Exits = ($($names::$exit),*);

            fn of(state: $state) -> $crate::Result<Self, $state> {
                match state {
                    $state::$name(state) => $crate::Ok(state),
                    state => $crate::Err(state),
                }
            }
        })*

        $(impl $crate::Transition for $outcome {
            type Workflow = $workflow;
            const POSITION: usize = $number;
            type Words = ($names::$transition, ($($target),*));

            fn into_state(self) -> $state {
                $crate::__typestate!(@leave self $outcome $state $groups)
            }
        }

        $(impl $crate::Accepts<$target> for $outcome {
            fn accept(state: $target) -> Self { $outcome::$target(state) }
        })*)*

        $(impl $crate::Source<$names::$leaving, $source, $source> for ($($names::$legal),*) {
            fn leave(state: $source) -> $source { state }
        })*
    };

    (@leave $outcome:ident $of:ident $state:ident { [$($target:ident)*] }) => {
        match $outcome { $($of::$target(state) => $state::$target(state),)* }
    };

    (@leave $outcome:ident $of:ident $state:ident { $([$($target:ident)*])* }) => {{
        let (mut from, mut to) = ($crate::Some($outcome), $crate::None);
        $({
                fn part(outcome: $of) -> $crate::Result<$state, $of> {
                    $crate::Ok(match outcome {
                        $($of::$target(state) => $state::$target(state),)*
                        outcome => return $crate::Err(outcome),
                    })
                }
            $crate::ask(&mut from, &mut to, part);
        })*
        $crate::put_there(to)
    }};
}
