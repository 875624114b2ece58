//! The blocks that tests damage.

/// Every form of declaration that this version runs.
pub(crate) const STEPS: &str = r"
/// One order.
#[derive(Debug, Clone)]
pub workflow Order {
    input { customer: u64, cart: Vec<Item> }
    start Placed;
    /// Held.
    state Reserved { hold: Hold, until: std::time::SystemTime };
    transient state Checked;
    state Packed;
    state Weighed { items: Vec<Item> };
    done Shipped { parcel: String };
    failed Rejected;
    deadline 30d;
    step reserve: Placed -> Reserved | Rejected
        with retry(5, backoff 100ms..10s, factor 3, no jitter), undo(release, retry(3, every 2s));
    #[deprecated]
    step fetch as FetchNext: Reserved -> Checked | Reserved
        with timeout(2s), deadline(1m), undo(Checked => drop_check, Reserved => keep, timeout(5s));
    step ship: Checked -> Packed with catch(late), breaker(carrier), limit(quota);
    split weigh: Packed -> Weighed with undo(unpack), retry(2) {
        branch scale: u32 with retry(3), timeout(2s), breaker(carrier);
        branch guess: Result<u32, String> with spawn;
        join quorum(1) within 5s;
    }
    split label as LabelNext: Weighed -> Shipped with catch(late_label) {
        each item in items: Item => Label, at most 8 with retry(2), spawn;
        join settled(min 2);
    }
}
";

/// Every form of declaration that the language has.
pub(crate) const LANGUAGE: &str = r"
#[durable(version = 1)]
workflow Order {
    start Placed;
    state Reserved { hold: Hold };
    state Charged;
    state Shipped { until: SystemTime };
    state Paid;
    done Delivered;
    failed Lost;
    deadline 30d;
    step reserve: Placed -> Reserved | Lost with undo(Reserved => release);
    split charge: Reserved -> Charged with undo(refund, retry(3)) {
        branch credit: Report with retry(3), timeout(2s);
        each item in items: Item => Count, at most 8 with spawn;
        join quorum(2) within 5s;
    }
    poll settle every 5s: Charged -> Paid with retry(5, backoff 100ms..10s, factor 3, no jitter);
    step ship: Paid -> Shipped with catch(late), breaker(bank), limit(quota), deadline(1h30m);
    signal deliver(Signature): Shipped -> Delivered;
    timer give_up after 14d: Shipped -> Lost;
    timer wake at until: Shipped -> Lost;
}
";
