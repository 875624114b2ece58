//! A workflow whose signals have answers, and a shop that handles it.

use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use stateway::Answered;
use stateway::prelude::*;

workflow! {
    #[derive(Debug, Clone, PartialEq)]
    #[durable(version = 1)]
    pub(super) workflow Basket {
        start Open { items: Vec<String> };
        state Packed { items: Vec<String> };
        done Paid { cents: u32 };
        done Dropped;

        signal add(String) answers Result<usize, Full>: Open with retry(2, every 1s);
        signal pack answers Vec<String>: Open -> Packed | Dropped;
        signal pay(u32) answers u32: Packed -> Paid;
        signal forget: Open | Packed -> Dropped;
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Full {
    pub(super) most: usize,
}

/// Takes three items, and fails when it is first asked for "glass".
#[derive(Default)]
pub(super) struct Shop {
    pub(super) stumbles: Mutex<bool>,
}

impl BasketSteps for Shop {
    type Error = String;

    async fn add(
        &self,
        open: &mut Open,
        item: String,
        _: &Step<OnAdd>,
    ) -> Result<Result<usize, Full>, String> {
        if item == "glass" && std::mem::take(&mut *self.stumbles.lock().unwrap()) {
            return Err("it fell".into());
        }
        if open.items.len() == 3 {
            return Ok(Err(Full { most: 3 }));
        }
        open.items.push(item);
        Ok(Ok(open.items.len()))
    }

    async fn pack(
        &self,
        open: Open,
        step: &Step<OnPack>,
    ) -> Result<Answered<OnPack, Vec<String>>, String> {
        let items = open.items.clone();
        Ok(if items.is_empty() {
            step.to(Dropped).answer(items)
        } else {
            step.to(Packed { items: open.items }).answer(items)
        })
    }

    async fn pay(
        &self,
        packed: Packed,
        cents: u32,
        step: &Step<OnPay>,
    ) -> Result<Answered<OnPay, u32>, String> {
        let price = u32::try_from(packed.items.len()).unwrap() * 100;
        if cents < price {
            return Err(format!("{price} to be paid"));
        }
        Ok(step.to(Paid { cents: price }).answer(cents - price))
    }

    async fn forget(&self, _: ForgetFrom, step: &Step<OnForget>) -> Result<OnForget, String> {
        Ok(step.to(Dropped))
    }
}
