//! Every clause, in every form.

use std::time::Duration;

use stateway::prelude::*;

workflow! {
    #[derive(Clone)]
    workflow Order {
        deadline 30d;

        input { sum: u64 }
        start Placed;
        state Held { hold: u32 };
        state Charged;
        state Packed;
        done Shipped;
        failed Lost;

        step hold: Placed -> Held | Charged | Lost
            with undo(Held => release, Charged => refund, retry(3, every 1s), timeout(5s),);
        step charge: Held -> Charged | Lost
            with retry(5, backoff 100ms..10s, factor 1.5, no jitter), timeout(2s), deadline(1m),
                catch(charge_later), breaker(bank), limit(bank_quota), undo(pay_back, timeout(1s));
        step pack: Charged -> Packed with retry(1), breaker(bank);
        step ship: Packed -> Shipped | Lost with retry(forever, backoff 1s..1h, full jitter), limit(bank_quota), else Lost;
    }
}

struct Shop {
    bank: Breaker,
    quota: Limiter,
}

impl OrderSteps for Shop {
    type Error = String;

    async fn hold(&self, _: Placed, step: &Step<Hold>) -> Result<Hold, String> {
        Ok(step.to(Held { hold: 1 }))
    }

    async fn release(&self, _: Held, _: &Undo<Hold>) -> Result<(), String> {
        Ok(())
    }

    async fn refund(&self, _: Charged, _: &Undo<Hold>) -> Result<(), String> {
        Ok(())
    }

    async fn charge(&self, held: Held, step: &Step<Charge>) -> Result<Charge, String> {
        Err(format!("{} {}", held.hold, step.attempt()))
    }

    async fn charge_later(
        &self,
        _: Held,
        cause: Cause<String>,
        step: &Step<Charge>,
    ) -> Result<Charge, String> {
        if step.cancellation().is_cancelled() {
            return Err(cause.to_string());
        }
        Ok(step.to(Charged))
    }

    async fn pay_back(&self, _: Charged, undo: &Undo<Charge>) -> Result<(), String> {
        drop((undo.key(), undo.done(), undo.attempt(), undo.input().sum));
        Ok(())
    }

    async fn pack(&self, _: Charged, step: &Step<Pack>) -> Result<Pack, String> {
        Ok(step.to(Packed))
    }

    async fn ship(&self, _: Packed, step: &Step<Ship>) -> Result<Ship, String> {
        Ok(step.to(Shipped))
    }

    fn bank(&self) -> &Breaker {
        &self.bank
    }

    fn bank_quota(&self) -> &Limiter {
        &self.quota
    }

    fn retryable(&self, error: &String) -> bool {
        error.is_empty()
    }

    fn retry_after(&self, _: &String) -> Option<Duration> {
        Some(Duration::from_secs(1))
    }
}

fn is_send<T: Send>(run: T) -> T {
    run
}

pub fn main() {
    let shop = Shop {
        bank: Breaker::new("bank"),
        quota: Limiter::per(Duration::from_secs(1), 100),
    };
    let order = Order::start(OrderInput { sum: 3 }, Placed);
    drop(is_send(order.run(&shop).cancelled_by(CancellationToken::new())));
}
