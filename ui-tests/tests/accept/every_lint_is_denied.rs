//! A strict crate gets no warning from generated code.
#![deny(
    warnings,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    elided_lifetimes_in_paths,
    rust_2018_idioms,
    single_use_lifetimes,
    unused_qualifications,
    unused_lifetimes,
    trivial_casts,
    variant_size_differences,
    let_underscore_drop,
    unit_bindings,
    redundant_lifetimes,
    explicit_outlives_requirements,
    unused_results,
    unsafe_code
)]

pub mod bills {
    //! Bills.

    stateway::workflow! {
        /// A bill.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub workflow Bill {
            input {
                /// In cents.
                sum: u64,
            }
            /// Written.
            start Draft;
            /// Sent.
            state Sent {
                /// How often.
                times: u8,
            };
            /// Nobody answers.
            state Quiet;
            /// It is somebody's.
            group Open {
                /// Until when.
                until: std::time::SystemTime,
                /// Whose.
                whose: u8,
            } {
                /// Noted.
                state Noted;
                /// In a cupboard.
                group Filed {
                    /// Which.
                    drawer: u8,
                } {
                    /// Among others.
                    state Kept;
                    /// Alone.
                    state Locked {
                        /// By which key.
                        key: u8,
                    };
                }
            }
            /// Nobody's.
            group Loose {
                /// On the floor.
                state Fallen;
                /// Under the table.
                state Hidden;
            }
            /// Paid.
            done Paid;
            /// Lost.
            failed Lost;
            deadline 30d -> Lost;
            /// Sends it.
            step send: Draft -> Sent;
            /// Pays it.
            step pay: Sent -> Paid | Lost | Sent | Quiet;
            /// An answer.
            signal answer(u8): Quiet -> Sent;
            /// Nothing more is to be said.
            signal close: Quiet -> Lost;
            /// No answer.
            timer give_up after 14d: Quiet -> Lost;
            /// Asks again.
            timer remind every 1d: Quiet;
            /// The text that it is sent.
            signal note(u8): Quiet;
            /// The sum that is still to be paid.
            signal ask answers u64: Quiet;
            /// A part is paid.
            signal pay_part(u64) answers u64: Quiet -> Sent;
            /// It is not sent after all.
            signal recall(u8) answers u64 interrupts Draft | Sent -> Lost;
            /// Notes it.
            signal keep(u8): Quiet -> Noted;
            /// Files it.
            signal file(u8): Noted -> Kept | Locked;
            /// Drops it.
            signal drop_it: Filed -> Fallen | Hidden;
            /// Finds it.
            step find: Loose -> Quiet | Hidden;
            /// Closes it at once.
            timer burn at until: Open -> Lost;
            /// Looks whether it is paid.
            poll look every 1h: Quiet -> Paid;
        }
    }
}

/// Runs it.
pub fn main() {
    use bills::{Bill, BillInput, Draft, Lost, Sent};
    let bill = Bill::start(BillInput { sum: 1 }, Draft).send(|_| Sent { times: 1 });
    assert!(bill < bill.pay(|sent| Sent { times: sent.times + 1 }));
    assert_eq!(bill.pay(|_| Lost).into_state(), Lost);
}
