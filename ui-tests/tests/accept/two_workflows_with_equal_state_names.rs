#![deny(warnings)]

mod bills {
    stateway::workflow! {
        pub(crate) workflow Bill {
            start Open;
            done Closed;
            step close: Open -> Closed;
        }
    }
}

mod tickets {
    stateway::workflow! {
        pub(crate) workflow Ticket {
            start Open;
            done Closed;
            step close: Open -> Closed;
        }
    }
}

pub fn main() {
    let _ = bills::Bill::start(bills::Open).close(|_| bills::Closed);
    let _ = tickets::Ticket::start(tickets::Open).close(|_| tickets::Closed);
}
