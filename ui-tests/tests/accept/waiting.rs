//! Signals and timers of every kind, with every clause, in memory and stored.

use std::time::{Duration, SystemTime};

use stateway::prelude::*;

#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
struct Offer {
    price: u64,
}

workflow! {
    #[durable(version = 1)]
    #[derive(Debug, Clone)]
    workflow Sale {
        start Listed { until: SystemTime };
        state Offered { price: u64, patience: Duration };
        state Agreed;
        done Sold;
        failed Withdrawn;

        /// Somebody wants it.
        signal offer(Offer): Listed -> Offered with retry(3, every 1s), timeout(2s), undo(decline), catch(no_offer);
        signal accept: Offered -> Agreed;
        signal withdraw(Option<String>): Listed | Offered -> Withdrawn with breaker(bank);
        signal again as Renewed(Vec<u8>): Offered -> Listed | Withdrawn;
        timer remind after 1h30m: Listed -> Listed;
        timer close at until: Listed -> Withdrawn with limit(quota);
        timer lapse after patience: Offered -> Listed with deadline(10s), retry(2);
        step pay: Agreed -> Sold;
    }
}

struct Shop(Breaker, Limiter);

impl SaleSteps for Shop {
    type Error = String;

    async fn offer(&self, _: Listed, offer: Offer, step: &Step<OnOffer>) -> Result<OnOffer, String> {
        let patience = Duration::from_secs(offer.price);
        Ok(step.to(Offered { price: offer.price, patience }))
    }

    async fn no_offer(&self, listed: Listed, cause: Cause<String>, _: &Step<OnOffer>) -> Result<OnOffer, String> {
        let _ = listed;
        Err(cause.into_error().unwrap_or_default())
    }

    async fn decline(&self, _: Offered, _: &Undo<OnOffer>) -> Result<(), String> {
        Ok(())
    }

    async fn accept(&self, _: Offered, step: &Step<OnAccept>) -> Result<OnAccept, String> {
        Ok(step.to(Agreed))
    }

    async fn withdraw(&self, from: WithdrawFrom, why: Option<String>, step: &Step<OnWithdraw>) -> Result<OnWithdraw, String> {
        match from {
            WithdrawFrom::Listed(_) => assert!(why.is_none()),
            WithdrawFrom::Offered(offered) => assert!(offered.price > 0),
        }
        Ok(step.to(Withdrawn))
    }

    async fn again(&self, _: Offered, _: Vec<u8>, step: &Step<Renewed>) -> Result<Renewed, String> {
        Ok(step.to(Withdrawn))
    }

    async fn remind(&self, listed: Listed, step: &Step<OnRemind>) -> Result<OnRemind, String> {
        Ok(step.to(listed))
    }

    async fn close(&self, _: Listed, step: &Step<OnClose>) -> Result<OnClose, String> {
        Ok(step.to(Withdrawn))
    }

    async fn lapse(&self, _: Offered, step: &Step<OnLapse>) -> Result<OnLapse, String> {
        Ok(step.to(Listed { until: SystemTime::now() }))
    }

    async fn pay(&self, _: Agreed, step: &Step<Pay>) -> Result<Pay, String> {
        Ok(step.to(Sold))
    }

    fn bank(&self) -> &Breaker {
        &self.0
    }

    fn quota(&self) -> &Limiter {
        &self.1
    }
}

async fn stored(run: &stateway::runner::Run<Sale>) -> Result<(), stateway::SignalError> {
    run.offer(Offer { price: 3 }).message_id("m-1").await?;
    run.accept().if_accepted_now().await?;
    run.again(vec![1]).await.map(drop)
}

pub fn main() {
    let shop = Shop(Breaker::new("bank"), Limiter::per(Duration::from_secs(1), 1));
    let until = SystemTime::now();
    let listed = Sale::start(Listed { until });
    let mut run = listed.clone().run(&shop);
    let remote = run.remote();
    drop(async move {
        remote.offer(Offer { price: 1 }).await?;
        remote.withdraw(None).await
    });
    let offered = listed.offer(Offer { price: 3 }, |_, offer| Offered {
        price: offer.price,
        patience: Duration::ZERO,
    });
    let _ = offered.withdraw(None, |_: Offered, _| Withdrawn);
    let _ = stored;
}
