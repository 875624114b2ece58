//! Splits in Stateway whose branches are ready at once.

use std::hint::black_box;

use stateway::prelude::*;

struct Counter;

/// A workflow of one split of these named branches, which leads to itself until it was taken often
/// enough.
macro_rules! named {
    ($module:ident: $($branch:ident)*) => {
        pub(crate) mod $module {
            use super::*;

            workflow! {
                workflow Count {
                    start Counting { left: u64, sum: u64 };
                    done Counted { sum: u64 };
                    split count as Next: Counting -> Counting | Counted {
                        $(branch $branch: u64;)*
                        join all;
                    }
                }
            }

            impl CountSteps for Counter {
                type Error = std::convert::Infallible;

                $(async fn $branch(&self, _: &Counting, branch: &Branch<Next>) -> Result<u64, Self::Error> {
                    Ok(black_box(branch.index() as u64))
                })*

                async fn count(
                    &self,
                    counting: Counting,
                    joined: NextJoined,
                    step: &Step<Next>,
                ) -> Result<Next, Self::Error> {
                    let sum = counting.sum $(+ joined.$branch)*;
                    let left = counting.left - 1;
                    Ok(if left > 0 {
                        step.to(Counting { left, sum })
                    } else {
                        step.to(Counted { sum })
                    })
                }
            }

            /// Takes the split so often.
            pub(crate) async fn run(times: u64) -> u64 {
                match Count::start(Counting { left: times, sum: 0 }).run(&Counter).await {
                    Ok(CountEnd::Counted(counted)) => counted.sum,
                    Err(error) => unreachable!("it goes well: {error:?}"),
                }
            }
        }
    };
}

named!(two: b00 b01);
named!(ten: b00 b01 b02 b03 b04 b05 b06 b07 b08 b09);
named! {
    hundred:
    b00 b01 b02 b03 b04 b05 b06 b07 b08 b09
    b10 b11 b12 b13 b14 b15 b16 b17 b18 b19
    b20 b21 b22 b23 b24 b25 b26 b27 b28 b29
    b30 b31 b32 b33 b34 b35 b36 b37 b38 b39
    b40 b41 b42 b43 b44 b45 b46 b47 b48 b49
    b50 b51 b52 b53 b54 b55 b56 b57 b58 b59
    b60 b61 b62 b63 b64 b65 b66 b67 b68 b69
    b70 b71 b72 b73 b74 b75 b76 b77 b78 b79
    b80 b81 b82 b83 b84 b85 b86 b87 b88 b89
    b90 b91 b92 b93 b94 b95 b96 b97 b98 b99
}

pub(crate) mod each {
    use super::{Branch, Counter, Step, black_box, workflow};

    workflow! {
        workflow Count {
            start Counting { all: Vec<()> };
            done Counted { sum: u64 };
            split count as Next: Counting -> Counted {
                each item in all: () => u64;
                join all;
            }
        }
    }

    impl CountSteps for Counter {
        type Error = std::convert::Infallible;

        async fn item(
            &self,
            _: &Counting,
            (): &(),
            branch: &Branch<Next>,
        ) -> Result<u64, Self::Error> {
            Ok(black_box(branch.index() as u64))
        }

        async fn count(
            &self,
            _: Counting,
            joined: NextJoined,
            step: &Step<Next>,
        ) -> Result<Next, Self::Error> {
            let sum = joined.into_iter().sum();
            Ok(step.to(Counted { sum }))
        }
    }

    /// Takes a split of `n` branches once.
    pub(crate) async fn run(branches: u64) -> u64 {
        let all = vec![(); usize::try_from(branches).expect("it is small")];
        match Count::start(Counting { all }).run(&Counter).await {
            Ok(CountEnd::Counted(counted)) => counted.sum,
            Err(error) => unreachable!("it goes well: {error:?}"),
        }
    }
}
