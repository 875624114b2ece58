//! Names that meet those of generics, of types and of variables in generated code.
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
        input { string: String, state: C }
        start S { t: Next, legal: Legal, coin: pay::Coin };
        start Machine;
        state Graph { state: u8, run: u8, outcome: u8, step: u8, context: u8 };
        state PayFrom { r#type: u8 };
        state BillState;
        group NameOf { self_: u8, r#in: std::time::SystemTime } {
            state SomeOne { name: C };
            group Of { r#match: u8 } {
                state Nobody { r#in: u8 };
            }
        }
        done Target;
        failed Source;
        failed Send;
        step pay: S -> Graph | Source;
        step clone: Machine -> Graph;
        step r#match: Graph -> PayFrom | Target | Send;
        step nothing: PayFrom -> BillState;
        step state: BillState -> Target | SomeOne | Nobody;
        timer at at r#in: NameOf -> Target;
    }
}

struct Desk;

impl BillSteps for Desk {
    type Error = String;

    async fn pay(&self, _: S, step: &Step<Pay>) -> Result<Pay, Self::Error> {
        let _ = &step.input().string;
        Ok(step.to(Source))
    }

    async fn clone(&self, _: Machine, step: &Step<Clone>) -> Result<Clone, Self::Error> {
        let of = step.input().state.0;
        Ok(step.to(Graph { state: of, run: 0, outcome: 0, step: 0, context: 0 }))
    }

    async fn r#match(&self, o: Graph, step: &Step<Match>) -> Result<Match, Self::Error> {
        let r#type = o.state + o.run + o.outcome + o.step + o.context;
        Ok(step.to(PayFrom { r#type }))
    }

    async fn nothing(&self, from: PayFrom, step: &Step<Nothing>) -> Result<Nothing, Self::Error> {
        assert_eq!(from.r#type, 0);
        Ok(step.to(BillState))
    }

    async fn state(&self, _: BillState, step: &Step<State>) -> Result<State, Self::Error> {
        Ok(step.to(Target))
    }

    async fn at(&self, from: AtFrom, step: &Step<OnAt>) -> Result<OnAt, Self::Error> {
        let _ = (from.name_of().self_, from.name_of().r#in);
        if let AtFrom::Nobody(it) = &from {
            let _ = (it.of.r#match, it.r#in, it.of.name_of.self_);
        }
        let _ = from.into_name_of().self_;
        Ok(step.to(Target))
    }
}

pub fn main() {
    let input = || BillInput { string: String::new(), state: C(1) };
    drop(Bill::start(input(), Machine).run(&Desk));
    let bill = Bill::start(input(), S { t: Next, legal: Legal, coin: pay::Coin });
    let bill = bill.pay(|s| {
        let (Next, Legal, pay::Coin) = (s.t, s.legal, s.coin);
        Graph { state: 1, run: 2, outcome: 3, step: 4, context: 5 }
    });
    let bill = bill.r#match(|_| Send);
    let Send = bill.into_state();
}
