//! The blocks that slips are put into, and the slips that are no error, or more than one.

/// Small, so that hundreds of slips are judged in little time.
pub(super) const BLOCKS: [&str; 5] = [
    r"
workflow Order {
    input { customer: u64, name: String }
    start Placed { papers: Vec<String> };
    state Reserved { hold: Hold, until: u64 };
    transient state Weighed;
    done Shipped { parcel: String };
    failed Rejected;
    step reserve: Placed -> Reserved | Rejected with retry(5, backoff 100ms..10s, factor 3), undo(Reserved => release);
    step weigh as WeighNext: Reserved -> Weighed | Rejected with timeout(2s), catch(late);
    step ship: Weighed -> Shipped with breaker(carrier), limit(quota);
}
",
    r"
workflow Rating {
    start Asked { items: Vec<u32> };
    state Counted;
    done Rated;
    failed Lost;
    split count: Asked -> Counted | Lost with retry(2), undo(Counted => uncount) {
        each item in items: u32 => String, at most 8 with timeout(2s);
        join settled;
    }
    split rate: Counted -> Rated with catch(unrated) {
        branch credit: u32 with retry(3);
        branch fraud: Vec<u8>;
        join quorum(1) within 5s;
    }
}
",
    r"
workflow Sale {
    start Listed { until: SystemTime };
    state Offered { price: u64 };
    group Open { since: u64 } {
        state Agreed { by: String };
        state Paid;
    }
    done Sold;
    failed Withdrawn;
    deadline 30d;
    signal offer(Offer) answers Price: Listed -> Offered with retry(3), undo(decline);
    signal accept: Offered -> Agreed | Paid;
    signal note(String): Offered;
    timer close at until: Listed -> Withdrawn;
    timer lapse after 5d: Offered -> Withdrawn;
    poll ask every 5s..5m: Agreed -> Paid | Withdrawn;
    signal stop: Open -> Withdrawn;
    signal pay: Paid -> Sold;
}
",
    r"
workflow Call {
    start Ringing;
    state Talking;
    done Over;
    failed Missed;
    step talk: Ringing -> Talking | Missed;
    signal hang_up(Reason) interrupts Ringing | Talking -> Missed;
    step end: Talking -> Over;
}
",
    r"
workflow Vote {
    input { tries: u32, window: u32, until: SystemTime, cart: Cart }
    start Asked { people: Vec<u32>, slow: Duration, least: u32 };
    state Heard;
    state Told { low: Duration, high: Duration };
    done Over;
    failed Lost;
    split ask: Asked -> Heard | Lost with retry(input.tries, every slow), undo(Heard => unask) {
        each person in people: u32 => u32, at most input.window with timeout(slow);
        join quorum(least) within slow;
    }
    split price: Heard -> Told {
        each (product, amount) in input.cart: String, u32 => u8, at most 8;
        join all;
    }
    timer remind every low: Told;
    poll tell every low..high: Told -> Over | Lost with retry(3, backoff low..high), deadline(high);
    timer lose at input.until: Told -> Lost;
}
",
];

/// Slips after which the block says something else that is legal.
pub(super) fn is_legal(slip: &str) -> bool {
    // A factor may be a fraction.
    slip.starts_with("`3` as `3.5`")
}

/// Slips that are two errors: `Price::Listed` is a type, and behind it neither a `:` nor a state follows.
pub(super) fn is_more_than_one(slip: &str) -> bool {
    slip.starts_with("`:` as `::` in `signal offer(Offer) answers Price")
}
