//! Names that meet those of the prelude, of generics and of variables in generated code.
#![deny(warnings)]

use stateway::Step;

pub struct C(pub u8);
pub struct Next;
pub struct Legal;
pub mod pay {
    pub struct Coin;
}

stateway::workflow! {
    workflow Bill {
        input { string: std::string::String, state: C }
        start S { t: Next, legal: Legal, coin: pay::Coin };
        start Ok;
        state Option { state: u8, run: u8, outcome: u8, step: u8, context: u8 };
        state PayFrom { r#type: u8 };
        state BillState;
        done Result;
        failed Err;
        failed Send;
        step pay: S -> Option | Err;
        step clone: Ok -> Option;
        step r#match: Option -> PayFrom | Result | Send;
        step nothing: PayFrom -> BillState;
        step state: BillState -> Result;
    }
}

struct Desk;

impl BillSteps for Desk {
    type Error = std::string::String;

    async fn pay(&self, _: S, step: &Step<Pay>) -> std::result::Result<Pay, Self::Error> {
        let _ = &step.input().string;
        std::result::Result::Ok(step.to(Err))
    }

    async fn clone(&self, _: Ok, step: &Step<Clone>) -> std::result::Result<Clone, Self::Error> {
        let of = step.input().state.0;
        std::result::Result::Ok(step.to(Option { state: of, run: 0, outcome: 0, step: 0, context: 0 }))
    }

    async fn r#match(&self, o: Option, step: &Step<Match>) -> std::result::Result<Match, Self::Error> {
        let r#type = o.state + o.run + o.outcome + o.step + o.context;
        std::result::Result::Ok(step.to(PayFrom { r#type }))
    }

    async fn nothing(&self, from: PayFrom, step: &Step<Nothing>) -> std::result::Result<Nothing, Self::Error> {
        assert_eq!(from.r#type, 0);
        std::result::Result::Ok(step.to(BillState))
    }

    async fn state(&self, _: BillState, step: &Step<State>) -> std::result::Result<State, Self::Error> {
        std::result::Result::Ok(step.to(Result))
    }
}

fn main() {
    let input = || BillInput { string: std::string::String::new(), state: C(1) };
    drop(Bill::start(input(), Ok).run(&Desk));
    let bill = Bill::start(input(), S { t: Next, legal: Legal, coin: pay::Coin });
    let bill = bill.pay(|s| {
        let (Next, Legal, pay::Coin) = (s.t, s.legal, s.coin);
        Option { state: 1, run: 2, outcome: 3, step: 4, context: 5 }
    });
    let bill = bill.r#match(|_| Send);
    let Send = bill.into_state();
}
