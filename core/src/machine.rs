//! The value behind every generated `Order<S>`: the input of a run and its state.
//!
//! It lives here, with private fields, so that only generated code can put a
//! machine into a state: the struct that `workflow!` emits stands in the
//! user's own module, where privacy would not stop anyone.

use core::any::type_name;
use core::fmt;
use core::marker::PhantomData;

use serde_core::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_core::ser::{Serialize, SerializeStruct, Serializer};

use crate::{Source, State};

/// The input of a run together with its state.
///
/// Generated code wraps it; a program sees it only as `Order<S>`. It serializes as a struct of
/// `input` and `state`:
///
/// ```
/// # use stateway_core::{Machine, enter};
/// // input { customer: u64 }, in a state with one field
/// let machine = enter(7, ["apples"]);
/// let json = serde_json::to_string(&machine)?;
/// assert_eq!(json, r#"{"input":7,"state":["apples"]}"#);
/// assert_eq!(serde_json::from_str::<Machine<u64, [&str; 1]>>(&json)?, machine);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Machine<I, S> {
    input: I,
    state: S,
}

impl<I, S> Machine<I, S> {
    /// Returns the input that the run was started with.
    ///
    /// ```
    /// # let machine = stateway_core::enter(7, "Placed");
    /// let customer = machine.input();
    /// assert_eq!(*customer, 7);
    /// ```
    pub const fn input(&self) -> &I {
        &self.input
    }

    /// Returns the state that the run is in.
    ///
    /// ```
    /// # let machine = stateway_core::enter(7, "Placed");
    /// let state = machine.state();
    /// assert_eq!(*state, "Placed");
    /// ```
    pub const fn state(&self) -> &S {
        &self.state
    }

    /// Takes the machine apart into its input and its state.
    ///
    /// ```
    /// # let machine = stateway_core::enter(7, "Placed".to_owned());
    /// let (customer, state) = machine.into_parts();
    /// assert_eq!((customer, state.as_str()), (7, "Placed"));
    /// ```
    pub fn into_parts(self) -> (I, S) {
        (self.input, self.state)
    }
}

/// Puts a run into a state.
///
/// It is a function and not a method, so that a machine does not offer it. Generated code reaches it by a path that says that it is
/// private.
#[doc(hidden)]
pub const fn enter<I, S>(input: I, state: S) -> Machine<I, S> {
    Machine { input, state }
}

/// Moves a run along the transition `Name` to the next state. It is a function for the same reason.
#[doc(hidden)]
pub fn advance<I, S, Name, From, Next>(
    machine: Machine<I, S>,
    next: impl FnOnce(From) -> Next,
) -> Machine<I, Next>
where
    S: State<Exits: Source<Name, From, S>>,
{
    enter(machine.input, next(S::Exits::leave(machine.state)))
}

/// Moves a run to the next state, with an answer beside it.
#[doc(hidden)]
pub fn advance_answering<I, S, Name, From, Next, A>(
    machine: Machine<I, S>,
    next: impl FnOnce(From) -> (Next, A),
) -> (Machine<I, Next>, A)
where
    S: State<Exits: Source<Name, From, S>>,
{
    let (state, answer) = next(S::Exits::leave(machine.state));
    (enter(machine.input, state), answer)
}

/// Takes a machine apart, its state as the variant `any` of an enum.
#[doc(hidden)]
pub fn parts<I, S, T>(machine: Machine<I, S>, any: fn(S) -> T) -> (I, T) {
    (machine.input, any(machine.state))
}

/// Prints the input, if there is one, and the state, to stand within `Order(..)`, which generated code derives.
impl<I: fmt::Debug, S: fmt::Debug> fmt::Debug for Machine<I, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has_input = type_name::<I>() != type_name::<()>();
        if has_input {
            self.input.fmt(f)?;
            f.write_str(if f.alternate() { ",\n" } else { ", " })?;
        }
        self.state.fmt(f)
    }
}

const NAME: &str = "Machine";
const FIELDS: &[&str] = &["input", "state"];

/// The bounds follow from `I: Serialize` and `S: Serialize`. In this form they are not an error if they are named and do not hold.
impl<I, S> Serialize for Machine<I, S>
where
    for<'a> &'a I: Serialize,
    for<'a> &'a S: Serialize,
{
    fn serialize<W: Serializer>(&self, serializer: W) -> Result<W::Ok, W::Error> {
        let mut fields = serializer.serialize_struct(NAME, FIELDS.len())?;
        fields.serialize_field(FIELDS[0], &&self.input)?;
        fields.serialize_field(FIELDS[1], &&self.state)?;
        fields.end()
    }
}

impl<'de, I: Deserialize<'de>, S: Deserialize<'de>> Deserialize<'de> for Machine<I, S> {
    fn deserialize<R: Deserializer<'de>>(deserializer: R) -> Result<Self, R::Error> {
        deserializer.deserialize_struct(NAME, FIELDS, Parts(PhantomData))
    }
}

struct Parts<I, S>(PhantomData<(I, S)>);

impl<'de, I: Deserialize<'de>, S: Deserialize<'de>> Visitor<'de> for Parts<I, S> {
    type Value = Machine<I, S>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a machine's input and state")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        let input = fields
            .next_element()?
            .ok_or_else(|| de::Error::invalid_length(0, &self))?;
        let state = fields
            .next_element()?
            .ok_or_else(|| de::Error::invalid_length(1, &self))?;
        Ok(Machine { input, state })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        let (mut input, mut state) = (None, None);
        while let Some(field) = fields.next_key()? {
            match field {
                Field::Input if input.is_some() => {
                    return Err(de::Error::duplicate_field(FIELDS[0]));
                }
                Field::Input => input = Some(fields.next_value()?),
                Field::State if state.is_some() => {
                    return Err(de::Error::duplicate_field(FIELDS[1]));
                }
                Field::State => state = Some(fields.next_value()?),
            }
        }
        Ok(Machine {
            input: input.ok_or_else(|| de::Error::missing_field(FIELDS[0]))?,
            state: state.ok_or_else(|| de::Error::missing_field(FIELDS[1]))?,
        })
    }
}

enum Field {
    Input,
    State,
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<R: Deserializer<'de>>(deserializer: R) -> Result<Self, R::Error> {
        struct Name;

        impl Visitor<'_> for Name {
            type Value = Field;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`input` or `state`")
            }

            fn visit_u64<E: de::Error>(self, position: u64) -> Result<Field, E> {
                match position {
                    0 => Ok(Field::Input),
                    1 => Ok(Field::State),
                    _ => Err(E::invalid_value(
                        de::Unexpected::Unsigned(position),
                        &"0 or 1",
                    )),
                }
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Field, E> {
                match name {
                    "input" => Ok(Field::Input),
                    "state" => Ok(Field::State),
                    _ => Err(E::unknown_field(name, FIELDS)),
                }
            }
        }

        deserializer.deserialize_identifier(Name)
    }
}
