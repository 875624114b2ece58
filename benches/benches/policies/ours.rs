//! A step that leads to itself, under one policy after the other.

/// A module with such a workflow; `context` is what its handlers need beside the step.
macro_rules! declare {
    ($module:ident { $($clauses:tt)* } { $($handlers:tt)* }) => {
        pub(crate) mod $module {
            use std::convert::Infallible;
            use std::hint::black_box;

            use stateway::prelude::*;

            workflow! {
                #[derive(Clone)]
                pub(crate) workflow Walk {
                    input { length: u64 }
                    start Walking { count: u64 };
                    done Arrived { count: u64 };
                    step go: Walking -> Walking | Arrived $($clauses)*;
                }
            }

            pub(crate) struct Walker {
                #[allow(dead_code, reason = "for the contestant with a breaker")]
                pub(crate) breaker: Breaker,
            }

            impl WalkSteps for Walker {
                type Error = Infallible;

                async fn go(&self, walking: Walking, step: &Step<Go>) -> Result<Go, Infallible> {
                    let count = black_box(walking.count + 1);
                    Ok(if count < step.input().length {
                        step.to(Walking { count })
                    } else {
                        step.to(Arrived { count })
                    })
                }

                $($handlers)*
            }

            impl Walker {
                pub(crate) fn new() -> Self {
                    Walker {
                        breaker: Breaker::new("walk"),
                    }
                }

                pub(crate) async fn walk(&self, length: u64) -> u64 {
                    let walk = Walk::start(WalkInput { length }, Walking { count: 0 });
                    match walk.run(self).await {
                        Ok(WalkEnd::Arrived(arrived)) => arrived.count,
                        Err(error) => unreachable!("the walk goes well: {error:?}"),
                    }
                }
            }
        }
    };
}

declare!(plain {} {});
declare!(retry { with retry(3) } {});
declare!(timeout { with timeout(1m) } {});
declare!(breaker { with breaker(gate) } {
    fn gate(&self) -> &Breaker {
        &self.breaker
    }
});
declare!(undo { with undo(Walking => go_back) } {
    async fn go_back(&self, _: Walking, _: &Undo<Go>) -> Result<(), Infallible> {
        Ok(())
    }
});
