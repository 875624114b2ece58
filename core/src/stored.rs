//! Serde for the types that wrap the states of a workflow whose runs are stored: `Order<S>`, `AnyOrder`, `OrderEnd`.
//!
//! They read and write as serde's own derives would. The bounds name the states with a lifetime, so that a state
//! that serde cannot store is not a second error here: it is reported where its data is declared.

use core::fmt;

use serde_core::de::{self, DeserializeSeed, Deserializer, Visitor};

/// Implements `Serialize` for the three types.
///
/// Each state, and each final state, is followed by its position among the variants and its name.
#[doc(hidden)]
#[macro_export]
macro_rules! __serialize {
    (
        $workflow:ident<$here:ident> $machine:literal $input:tt
        $any:ident $any_name:literal { $($state:ident $position:literal $name:literal;)* } { $($transient:ident)* }
        $end:ident $end_name:literal { $($final:ident $last:literal $final_name:literal;)* }
    ) => {
        impl<$here> $crate::serde::Serialize for $workflow<$here>
        where
            for<'__stored> &'__stored $input: $crate::serde::Serialize,
            for<'__stored> &'__stored $here: $crate::serde::Serialize,
        {
            fn serialize<Z: $crate::serde::Serializer>(&self, to: Z) -> $crate::Result<Z::Ok, Z::Error> {
                to.serialize_newtype_struct($machine, &self.0)
            }
        }

        impl $crate::serde::Serialize for $any
        where
            for<'__stored> &'__stored $input: $crate::serde::Serialize,
            $(for<'__stored> &'__stored $state: $crate::serde::Serialize,)*
        {
            fn serialize<Z: $crate::serde::Serializer>(&self, to: Z) -> $crate::Result<Z::Ok, Z::Error> {
                match self {
                    $($any::$state(machine) => {
                        to.serialize_newtype_variant($any_name, $position, $name, machine)
                    })*
                    $($any::$transient(_) => $crate::Err(<Z::Error as $crate::serde::ser::Error>::custom(
                        $crate::NEVER_STORED,
                    )),)*
                }
            }
        }

        impl $crate::serde::Serialize for $end
        where
            $(for<'__stored> &'__stored $final: $crate::serde::Serialize,)*
        {
            fn serialize<Z: $crate::serde::Serializer>(&self, to: Z) -> $crate::Result<Z::Ok, Z::Error> {
                // By value: a perpetual workflow has an empty `End`, and a reference to one does not prove that to the compiler.
                match *self {
                    $($end::$final(ref state) => {
                        to.serialize_newtype_variant($end_name, $last, $final_name, &state)
                    })*
                }
            }
        }
    };
}

/// Implements `Deserialize` for the three types.
#[doc(hidden)]
#[macro_export]
macro_rules! __deserialize {
    (
        $workflow:ident<$here:ident> $machine:literal $input:tt
        $any:ident $any_name:literal { $($state:ident $position:literal $name:literal;)* } { $($transient:ident)* }
        $end:ident $end_name:literal { $($final:ident $last:literal $final_name:literal;)* }
    ) => {
        impl<'de, $here> $crate::serde::Deserialize<'de> for $workflow<$here>
        where
            for<'__stored> $input: $crate::serde::Deserialize<'__stored>,
            for<'__stored> $here: $crate::serde::Deserialize<'__stored>,
        {
            fn deserialize<Z: $crate::serde::Deserializer<'de>>(from: Z) -> $crate::Result<Self, Z::Error> {
                $crate::wrapped(from, $machine).map($workflow)
            }
        }

        $crate::__deserialize! {
            @variants $any $any_name $any_name { $($state $position $name;)* }
            {
                for<'__stored> $input: $crate::serde::Deserialize<'__stored>,
                $(for<'__stored> $state: $crate::serde::Deserialize<'__stored>,)*
            }
        }
        $crate::__deserialize! {
            @variants $end $end_name $end_name { $($final $last $final_name;)* }
            { $(for<'__stored> $final: $crate::serde::Deserialize<'__stored>,)* }
        }
    };
    (
        @variants $of:ident $called:literal $expected:literal { $($variant:ident $position:literal $name:literal;)* }
        { $($bounds:tt)* }
    ) => {
        impl<'de> $crate::serde::Deserialize<'de> for $of
        where
            $($bounds)*
        {
            fn deserialize<Z: $crate::serde::Deserializer<'de>>(from: Z) -> $crate::Result<Self, Z::Error> {
                struct Variants;

                impl<'de> $crate::serde::de::Visitor<'de> for Variants
                where
                    $($bounds)*
                {
                    type Value = $of;

                    fn expecting(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                        f.write_str(::core::concat!("enum ", $expected))
                    }

                    fn visit_enum<A: $crate::serde::de::EnumAccess<'de>>(
                        self,
                        from: A,
                    ) -> $crate::Result<$of, A::Error> {
                        use $crate::serde::de::VariantAccess as _;

                        const READ: &[&str] = &[$($name),*];
                        let (position, payload) = from.variant_seed($crate::Variant(READ))?;
                        match position {
                            $($position => payload.newtype_variant().map($of::$variant),)*
                            _ => $crate::no_variant(),
                        }
                    }
                }

                from.deserialize_enum($called, &[$($name),*], Variants)
            }
        }
    };
}

/// The error of serializing a machine in a transient state.
pub const NEVER_STORED: &str = "a transient state is never stored";

/// A seed that reads the name of a variant and gives its position among these names.
#[derive(Debug, Clone, Copy)]
pub struct Variant(pub &'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Variant {
    type Value = usize;

    fn deserialize<R: Deserializer<'de>>(self, from: R) -> Result<usize, R::Error> {
        from.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Variant {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a state")
    }

    fn visit_u64<E: de::Error>(self, position: u64) -> Result<usize, E> {
        let known = usize::try_from(position).ok();
        known
            .filter(|position| *position < self.0.len())
            .ok_or_else(|| {
                E::invalid_value(de::Unexpected::Unsigned(position), &"the number of a state")
            })
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<usize, E> {
        let known = self.0.iter().position(|known| *known == name);
        known.ok_or_else(|| E::unknown_variant(name, self.0))
    }

    fn visit_bytes<E: de::Error>(self, name: &[u8]) -> Result<usize, E> {
        let known = self.0.iter().position(|known| known.as_bytes() == name);
        known.ok_or_else(|| E::invalid_value(de::Unexpected::Bytes(name), &self))
    }
}

/// Stands for the variant of a position that no [`Variant`] has.
///
/// # Panics
/// Always: the positions that are read are all matched.
#[must_use]
pub fn no_variant<T>() -> T {
    unreachable!("a variant is one of those that have a name")
}

/// Reads the field of a struct with this name and one field.
///
/// # Errors
/// The error of the deserializer.
pub fn wrapped<'de, T, R>(from: R, name: &'static str) -> Result<T, R::Error>
where
    T: de::Deserialize<'de>,
    R: Deserializer<'de>,
{
    struct Wrapped<T>(core::marker::PhantomData<T>);

    impl<'de, T: de::Deserialize<'de>> Visitor<'de> for Wrapped<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a machine")
        }

        fn visit_newtype_struct<R: Deserializer<'de>>(self, from: R) -> Result<T, R::Error> {
            T::deserialize(from)
        }

        fn visit_seq<A: de::SeqAccess<'de>>(self, mut from: A) -> Result<T, A::Error> {
            from.next_element()?
                .ok_or_else(|| de::Error::invalid_length(0, &self))
        }
    }

    from.deserialize_newtype_struct(name, Wrapped(core::marker::PhantomData))
}
