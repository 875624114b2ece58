//! Signals, timers and polls that are written otherwise.

mod arrow {
    stateway::workflow! {
        workflow Order {
            start Placed { until: std::time::SystemTime };
            done Shipped;
            signal ship -> u32: Placed -> Shipped;
        }
    }
}

mod returns {
    stateway::workflow! {
        workflow Order {
            start Placed { until: std::time::SystemTime };
            done Shipped;
            signal ship returns u32: Placed -> Shipped;
        }
    }
}

mod colon {
    stateway::workflow! {
        workflow Order {
            start Placed { until: std::time::SystemTime };
            done Shipped;
            signal ship answers: u32: Placed -> Shipped;
        }
    }
}

mod no_answers {
    stateway::workflow! {
        workflow Order {
            start Placed { until: std::time::SystemTime };
            done Shipped;
            signal ship(u8) answesr u32: Placed -> Shipped;
        }
    }
}

mod named {
    stateway::workflow! {
        workflow Order {
            start Placed { until: std::time::SystemTime };
            done Shipped;
            signal ship(by: u32): Placed -> Shipped;
        }
    }
}

mod several {
    stateway::workflow! {
        workflow Order {
            start Placed { until: std::time::SystemTime };
            done Shipped;
            signal ship(u32, u8): Placed -> Shipped;
        }
    }
}

mod path {
    stateway::workflow! {
        workflow Order {
            start Placed { until: std::time::SystemTime };
            done Shipped;
            timer ship at placed.until: Placed -> Shipped;
        }
    }
}

mod no_word {
    stateway::workflow! {
        workflow Order {
            start Placed { until: std::time::SystemTime };
            done Shipped;
            timer ship until: Placed -> Shipped;
        }
    }
}

mod no_time {
    stateway::workflow! {
        workflow Order {
            start Placed { until: std::time::SystemTime };
            done Shipped;
            timer ship after 5 days: Placed -> Shipped;
        }
    }
}

mod parentheses {
    stateway::workflow! {
        workflow Order {
            start Placed { until: std::time::SystemTime };
            done Shipped;
            poll ship every(5s..5m): Placed -> Shipped;
        }
    }
}

mod to {
    stateway::workflow! {
        workflow Order {
            start Placed { until: std::time::SystemTime };
            done Shipped;
            poll ship every 5s to 5m: Placed -> Shipped;
        }
    }
}

mod once {
    stateway::workflow! {
        workflow Order {
            start Placed { until: std::time::SystemTime };
            done Shipped;
            poll ship: Placed -> Shipped;
        }
    }
}

fn main() {}
