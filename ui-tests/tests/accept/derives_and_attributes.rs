#![deny(warnings)]

use serde::{Deserialize, Serialize};

stateway::workflow! {
    #[derive(Debug, Serialize, Deserialize, Default)]
    #[cfg_attr(all(), derive(Clone), doc = "Conditional.")]
    pub workflow Bill {
        input { sum: u64 }
        #[derive(PartialEq, Debug)]
        #[serde(rename_all = "camelCase")]
        start Draft { #[serde(default)] sent_times: u8 };
        done Paid;
        #[deprecated]
        failed Lost;
        #[must_use]
        step pay: Draft -> Paid | Lost;
    }
}

pub fn main() {
    let _ = (BillInput::default(), Draft::default() == Draft { sent_times: 0 });
    let bill: Bill<Draft> = Bill::start(BillInput { sum: 1 }, Draft { sent_times: 0 });
    let _ = format!("{:?}", AnyBill::from(bill.clone()));
    let _ = bill.pay(|_| Paid).clone().into_state();
}
