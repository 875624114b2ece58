//! The blocks that tests damage.

/// Every form of declaration that this version runs.
pub(crate) const STEPS: &str = r"
/// One order.
#[derive(Debug, Clone)]
pub workflow Order {
    input { customer: u64, cart: Vec<Item>, tries: u8 }
    start Placed;
    /// Held.
    state Reserved { hold: Hold, until: std::time::SystemTime };
    transient state Checked;
    state Packed { contents: BTreeMap<u64, u32> };
    state Listed;
    state Weighed { items: Vec<Item>, limit: Duration, low: Duration };
    done Shipped { parcel: String };
    failed Rejected;
    deadline 30d;
    step reserve: Placed -> Reserved | Rejected
        with retry(5, backoff 100ms..10s, factor 3, no jitter), undo(release, retry(3, every 2s));
    #[deprecated]
    step fetch as FetchNext: Reserved -> Checked | Reserved
        with timeout(2s), deadline(1m), undo(Checked => drop_check, Reserved => keep, timeout(5s));
    step ship: Checked -> Packed with catch(late), breaker(carrier), limit(quota);
    split list: Packed -> Listed {
        each (number, times) in contents: u64, u32 => u8 with retry(2);
        join all;
    }
    split weigh: Listed -> Weighed with undo(unpack), retry(2) {
        branch scale: u32 with retry(3), timeout(2s), breaker(carrier);
        branch guess: Result<u32, String> with spawn;
        join quorum(1) within 5s;
    }
    split label as LabelNext: Weighed -> Shipped with catch(late_label), deadline(limit) {
        each item in items: Item => Label, at most 8 with retry(input.tries, backoff low..limit), spawn;
        join settled(min input.tries) within limit;
    }
}
";

/// A stored workflow that waits, with every form of declaration that such a one has.
pub(crate) const WAITING: &str = r"
#[durable(version = 1)]
workflow Order {
    input { often: Duration, until: SystemTime }
    start Placed;
    state Charged;
    state Shipped { until: SystemTime, patience: Duration };
    group Held { #[index] shelf: u32, until: SystemTime } {
        state Stored;
        /// Behind the counter.
        group Asked { by: String } { state Counted { times: u8 }; transient state Handed; }
    }
    group Loose { state Fallen; state Hidden { under: String }; }
    done Delivered;
    failed Lost;
    deadline 30d -> Lost;
    step charge: Placed -> Charged | Lost with undo(Charged => refund);
    poll settle every 5s..5m: Charged -> Shipped | Lost
        with retry(5, backoff 100ms..10s), catch(late), undo(Shipped => recall);
    signal abort: Charged | Shipped -> Lost;
    signal halt(Reason) interrupts Placed -> Lost;
    signal reprice(Price) answers Cart interrupts Placed -> Placed | Lost with retry(3);
    signal deliver(Signature): Shipped -> Delivered with breaker(bank), limit(quota);
    signal note(Note): Shipped with retry(3), deadline(1h30m), catch(lost_note);
    signal add as AddItem(Item) answers Cart: Shipped;
    signal refuse answers Cart: Shipped -> Lost;
    timer give_up after 14d: Shipped -> Lost with retry(forever, backoff 1s..1m, full jitter), else Lost;
    timer wake at until: Shipped -> Lost;
    timer nudge after patience: Shipped;
    timer remind every 1d: Shipped with timeout(1m);
    poll look every input.often..1h: Shipped -> Delivered with timeout(patience);
    timer close at input.until: Shipped -> Lost;
    signal hold(u32): Shipped -> Stored with undo(let_go);
    signal ask(String): Stored -> Counted | Handed;
    signal drop_it interrupts Held -> Fallen | Hidden with retry(2);
    step hand: Handed -> Delivered;
    step find: Loose -> Shipped | Hidden with catch(gone), undo(Shipped => hide);
    timer forget at until: Stored | Counted -> Lost;
}
";
