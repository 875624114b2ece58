//! What a split does when its branches go well: the handlers see what they should, and get what the
//! branches gave.

use std::sync::Arc;

use stateway::prelude::*;

workflow! {
    #[derive(Debug, Clone, PartialEq)]
    workflow Loan {
        input { customer: u64 }
        start Applied { sum: u32 };
        done Approved { score: u32 };
        failed Refused;
        split assess: Applied -> Approved | Refused {
            branch credit: u32;
            branch fraud: String with retry(3), timeout(2s);
            join all;
        }
    }
}

struct Bank;

impl LoanSteps for Bank {
    type Error = String;

    async fn credit(&self, applied: &Applied, branch: &Branch<Assess>) -> Result<u32, String> {
        assert_eq!(branch.input().customer, 7);
        Ok(applied.sum / 2)
    }

    async fn fraud(&self, applied: &Applied, branch: &Branch<Assess>) -> Result<String, String> {
        if branch.attempt() < 3 {
            return Err("again".to_owned());
        }
        Ok(format!("{}", applied.sum))
    }

    async fn assess(
        &self,
        applied: Applied,
        joined: AssessJoined,
        step: &Step<Assess>,
    ) -> Result<Assess, String> {
        assert_eq!(joined.fraud, applied.sum.to_string());
        Ok(step.to(Approved {
            score: joined.credit,
        }))
    }
}

#[tokio::test(start_paused = true)]
async fn the_outputs_of_all_branches_are_joined() {
    let end = Loan::start(LoanInput { customer: 7 }, Applied { sum: 10 })
        .run(&Bank)
        .await;
    assert_eq!(
        end.expect("it ends"),
        LoanEnd::Approved(Approved { score: 5 })
    );
}

mod any {
    use super::*;

    workflow! {
        #[derive(Debug, Clone, PartialEq)]
        workflow Ask {
            start Asked;
            done Answered { by: &'static str };
            split ask as Ask_: Asked -> Answered {
                branch first: u32;
                branch second: String;
                branch third: u64;
                join any;
            }
        }
    }

    struct Desk(u32);

    impl AskSteps for Desk {
        type Error = ();

        async fn first(&self, _: &Asked, _: &Branch<Ask_>) -> Result<u32, ()> {
            Err(())
        }
        async fn second(&self, _: &Asked, _: &Branch<Ask_>) -> Result<String, ()> {
            Ok(String::new())
        }
        async fn third(&self, _: &Asked, _: &Branch<Ask_>) -> Result<u64, ()> {
            Ok(1)
        }
        async fn ask(&self, _: Asked, joined: Ask_Joined, step: &Step<Ask_>) -> Result<Ask_, ()> {
            Ok(step.to(Answered {
                by: match joined {
                    Ask_Joined::First(_) => "first",
                    Ask_Joined::Second(_) => "second",
                    Ask_Joined::Third(_) => "third",
                },
            }))
        }
    }
}

mod each {
    use super::*;

    workflow! {
        #[derive(Debug, Clone, PartialEq)]
        workflow Tally {
            start Chunked { chunks: Vec<u32> };
            done Counted { sum: u32 };
            split count: Chunked -> Counted {
                each chunk in chunks: u32 => u32, at most 2;
                join all;
            }
        }
    }

    impl TallySteps for super::Bank {
        type Error = ();

        async fn chunk(&self, _: &Chunked, chunk: &u32, branch: &Branch<Count>) -> Result<u32, ()> {
            assert_eq!(*chunk as usize, branch.index());
            Ok(chunk * 2)
        }

        async fn count(
            &self,
            _: Chunked,
            joined: CountJoined,
            step: &Step<Count>,
        ) -> Result<Count, ()> {
            Ok(step.to(Counted {
                sum: joined.into_iter().sum(),
            }))
        }
    }

    #[tokio::test]
    async fn works() {
        let end = Tally::start(Chunked {
            chunks: (0..10).collect(),
        })
        .run(&super::Bank)
        .await;
        assert_eq!(end.unwrap(), TallyEnd::Counted(Counted { sum: 90 }));
    }
}

mod spawned {
    use super::*;

    workflow! {
        #[derive(Debug, Clone, PartialEq)]
        workflow Tally {
            start Chunked { chunks: Vec<u32> };
            state Counted { sum: u32 };
            done Both;
            split count: Chunked -> Counted {
                each chunk in chunks: u32 => u32, at most 2 with spawn, retry(2);
                join quorum(3);
            }
            split both as Both_: Counted -> Both {
                branch here: ();
                branch there: String with spawn;
                join settled;
            }
        }
    }

    impl TallySteps for super::Bank {
        type Error = ();

        async fn chunk(&self, _: &Chunked, chunk: &u32, branch: &Branch<Count>) -> Result<u32, ()> {
            assert_eq!(*chunk as usize, branch.index());
            Ok(chunk * 2)
        }

        async fn count(
            &self,
            _: Chunked,
            joined: CountJoined<()>,
            step: &Step<Count>,
        ) -> Result<Count, ()> {
            Ok(step.to(Counted {
                sum: joined.iter().filter_map(Branched::output).sum(),
            }))
        }
        async fn here(&self, _: &Counted, _: &Branch<Both_>) -> Result<(), ()> {
            Ok(())
        }
        async fn there(&self, _: &Counted, _: &Branch<Both_>) -> Result<String, ()> {
            Ok(String::new())
        }
        async fn both(
            &self,
            _: Counted,
            joined: Both_Joined<()>,
            step: &Step<Both_>,
        ) -> Result<Both_, ()> {
            assert!(joined.here.is_done());
            Ok(step.to(Both))
        }
    }

    #[tokio::test]
    async fn works() {
        let end = Tally::start(Chunked {
            chunks: (0..10).collect(),
        })
        .run(&Arc::new(super::Bank))
        .await;
        assert_eq!(end.unwrap(), TallyEnd::Both(Both));
    }
}
