#![deny(warnings)]

use stateway::prelude::*;

pub fn main() {
    workflow! {
        #[derive(Debug, Clone, PartialEq)]
        workflow Bill {
            input { sum: u64 }
            start Draft;
            state Sent { to: String };
            done Paid;
            step send: Draft -> Sent;
            step pay: Sent -> Paid;
        }
    }

    struct Desk;

    impl BillSteps for Desk {
        type Error = String;

        async fn send(&self, _: Draft, step: &Step<Send>) -> Result<Send, String> {
            Ok(step.to(Sent { to: format!("{} coins", step.input().sum) }))
        }

        async fn pay(&self, sent: Sent, step: &Step<Pay>) -> Result<Pay, String> {
            assert_eq!(sent.to, "3 coins");
            Ok(step.to(Paid))
        }
    }

    let bill = Bill::start(BillInput { sum: 3 }, Draft);
    assert_eq!(bill.input().sum, 3);
    drop(bill.clone().run(&Desk));
    let bill = bill.send(|_| Sent { to: String::new() });
    assert_eq!(AnyBill::from(bill).state().name, "Sent");
}
