//! The view that the handler of a branch has of its run.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use stateway_core::{BranchInfo, Transition, Workflow};
use tokio_util::sync::CancellationToken;

use super::{Step, VisitPart};
use crate::run::{self, BranchName, CurrentRun, Key, PartName, PartOf, RunId};

/// One branch of a visit to the split `T`, as its handler sees it.
///
/// It lends the input of the run ([`input`](Branch::input)), and has the key under which the handler calls other services
/// ([`key`](Branch::key)). The handler returns the output of the branch.
///
/// ```
/// # use stateway::prelude::*;
/// # workflow! {
/// #     workflow Loan {
/// #         input { customer: u64 }
/// #         start Applied;
/// #         done Assessed { score: u32 };
/// #         split assess: Applied -> Assessed { branch credit: u32; branch fraud: bool; join all; }
/// #     }
/// # }
/// # struct Bank;
/// # impl Bank { async fn score(&self, _: u64, _: stateway::Key) -> Result<u32, String> { Ok(700) } }
/// # impl LoanSteps for Bank {
/// #     type Error = String;
/// async fn credit(&self, _: &Applied, branch: &Branch<Assess>) -> Result<u32, String> {
///     self.score(branch.input().customer, branch.key()).await
/// }
/// #     async fn fraud(&self, _: &Applied, _: &Branch<Assess>) -> Result<bool, String> { Ok(false) }
/// #     async fn assess(&self, _: Applied, joined: AssessJoined, step: &Step<Assess>) -> Result<Assess, String> {
/// #         Ok(step.to(Assessed { score: joined.credit }))
/// #     }
/// # }
/// # let end = pollster::block_on(Loan::start(LoanInput { customer: 7 }, Applied).run(&Bank));
/// # assert!(matches!(end, Ok(LoanEnd::Assessed(Assessed { score: 700 }))));
/// ```
pub struct Branch<T: Transition> {
    run: Arc<CurrentRun<T::Workflow>>,
    /// The number of the visit, kept here because a task may ask for its key when the run has moved on.
    visit: u64,
    /// The position of its declaration.
    declared: usize,
    /// The position of the item of an `each`, or of the declaration of a named branch.
    index: usize,
    attempts: AtomicU32,
    /// The number of this attempt of the split.
    whole: u32,
    /// The token of a branch with a task of its own.
    token: Option<CancellationToken>,
    transition: PhantomData<fn() -> T>,
}

impl<T: Transition> Branch<T> {
    pub(crate) fn new(step: &Step<T>, declared: usize, index: usize) -> Self {
        Branch {
            run: step.run().share(),
            visit: step.run().visit(),
            declared,
            index,
            attempts: AtomicU32::new(0),
            whole: step.attempt(),
            token: None,
            transition: PhantomData,
        }
    }

    pub(crate) fn with_token(mut self, token: CancellationToken) -> Self {
        self.token = Some(token);
        self
    }

    /// Returns the input that the run was started with.
    ///
    /// ```
    /// # use stateway::prelude::*;
    /// # workflow! {
    /// #     workflow Loan {
    /// #         input { sum: u64 }
    /// #         start Applied { papers: Vec<u64> };
    /// #         done Covered { papers: usize };
    /// #         split cover: Applied -> Covered { each paper in papers: u64 => bool; join all; }
    /// #     }
    /// # }
    /// # struct Bank;
    /// # impl LoanSteps for Bank {
    /// #     type Error = String;
    /// async fn paper(&self, _: &Applied, paper: &u64, branch: &Branch<Cover>) -> Result<bool, String> {
    ///     Ok(*paper >= branch.input().sum)
    /// }
    /// #     async fn cover(&self, _: Applied, joined: CoverJoined, step: &Step<Cover>) -> Result<Cover, String> {
    /// #         Ok(step.to(Covered { papers: joined.into_iter().filter(|it| *it).count() }))
    /// #     }
    /// # }
    /// # let applied = Applied { papers: vec![5, 90, 100] };
    /// # let end = pollster::block_on(Loan::start(LoanInput { sum: 50 }, applied).run(&Bank));
    /// # assert!(matches!(end, Ok(LoanEnd::Covered(Covered { papers: 2 }))));
    /// ```
    #[must_use]
    pub fn input(&self) -> &<T::Workflow as Workflow>::Input {
        &self.run.input
    }

    /// Returns the name of the branch, as declared.
    ///
    /// ```
    /// # use stateway::prelude::*;
    /// # workflow! {
    /// #     workflow Loan {
    /// #         start Applied;
    /// #         done Assessed { score: u32 };
    /// #         split assess: Applied -> Assessed { branch schufa: u32; branch experian: u32; join all; }
    /// #     }
    /// # }
    /// # struct Bank;
    /// impl Bank {
    ///     /// Asks the bureau that the branch is named after.
    ///     async fn ask(&self, branch: &Branch<Assess>) -> Result<u32, String> {
    ///         let url = format!("https://{}.example/score", branch.name());
    /// #       assert!(url.starts_with("https://schufa.") || url.starts_with("https://experian."));
    /// #       Ok(700)
    ///         // ..
    ///     }
    /// }
    /// # impl LoanSteps for Bank {
    /// #     type Error = String;
    /// #     async fn schufa(&self, _: &Applied, branch: &Branch<Assess>) -> Result<u32, String> { self.ask(branch).await }
    /// #     async fn experian(&self, _: &Applied, branch: &Branch<Assess>) -> Result<u32, String> { self.ask(branch).await }
    /// #     async fn assess(&self, _: Applied, joined: AssessJoined, step: &Step<Assess>) -> Result<Assess, String> {
    /// #         Ok(step.to(Assessed { score: joined.schufa.min(joined.experian) }))
    /// #     }
    /// # }
    /// # let end = pollster::block_on(Loan::start(Applied).run(&Bank));
    /// # assert!(matches!(end, Ok(LoanEnd::Assessed(Assessed { score: 700 }))));
    /// ```
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.info().name
    }

    /// Returns the position of the item of an `each`, or of a named branch in the declaration, counted from 0.
    ///
    /// ```
    /// # use stateway::prelude::*;
    /// # workflow! {
    /// #     workflow Book {
    /// #         start Written { chapters: Vec<String> };
    /// #         done Printed { pages: Vec<String> };
    /// #         split print: Written -> Printed { each chapter in chapters: String => String; join all; }
    /// #     }
    /// # }
    /// # struct Press;
    /// # impl BookSteps for Press {
    /// #     type Error = String;
    /// async fn chapter(&self, _: &Written, text: &String, branch: &Branch<Print>) -> Result<String, String> {
    ///     Ok(format!("{}. {text}", branch.index() + 1))
    /// }
    /// #     async fn print(&self, _: Written, pages: PrintJoined, step: &Step<Print>) -> Result<Print, String> {
    /// #         Ok(step.to(Printed { pages }))
    /// #     }
    /// # }
    /// # let written = Written { chapters: vec!["Dawn".to_owned(), "Dusk".to_owned()] };
    /// # let end = pollster::block_on(Book::start(written).run(&Press));
    /// # assert!(matches!(end, Ok(BookEnd::Printed(end)) if end.pages == ["1. Dawn", "2. Dusk"]));
    /// ```
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// Returns the idempotency key of this branch.
    ///
    /// The key is equal for every attempt of the same visit, also if the split is tried again from its beginning, and never equal
    /// for another visit, another branch or another item.
    ///
    /// ```
    /// # use stateway::prelude::*;
    /// # workflow! {
    /// #     workflow Payroll {
    /// #         start Due { salaries: Vec<u64> };
    /// #         done Paid { receipts: Vec<String> };
    /// #         split pay: Due -> Paid { each salary in salaries: u64 => String; join all; }
    /// #     }
    /// # }
    /// # struct Bank;
    /// # impl PayrollSteps for Bank {
    /// #     type Error = String;
    /// async fn salary(&self, _: &Due, cents: &u64, branch: &Branch<Pay>) -> Result<String, String> {
    ///     // Two equal salaries are two payments, and a repeated one is one.
    ///     Ok(format!("{cents} cents under {}", branch.key()))
    /// }
    /// #     async fn pay(&self, _: Due, receipts: PayJoined, step: &Step<Pay>) -> Result<Pay, String> {
    /// #         Ok(step.to(Paid { receipts }))
    /// #     }
    /// # }
    /// # let end = pollster::block_on(Payroll::start(Due { salaries: vec![500, 500] }).run(&Bank));
    /// # assert!(matches!(end, Ok(PayrollEnd::Paid(end)) if end.receipts[1].ends_with("/1/branch/salary/1")));
    /// ```
    #[must_use]
    pub fn key(&self) -> Key {
        let part = run::Part::Branch(self.entry());
        self.run.key(self.visit, part)
    }

    /// Returns the number of calls of the handler for this branch, including this one. It begins again if the split is tried
    /// again from its beginning. An attempt that a breaker refused does not count.
    ///
    /// ```
    /// # use stateway::prelude::*;
    /// # workflow! {
    /// #     workflow Loan {
    /// #         start Applied;
    /// #         done Assessed { score: u32 };
    /// #         split assess: Applied -> Assessed {
    /// #             branch credit: u32 with retry(3, every 1s);
    /// #             branch fraud: bool;
    /// #             join all;
    /// #         }
    /// #     }
    /// # }
    /// # struct Bank;
    /// # impl LoanSteps for Bank {
    /// #     type Error = String;
    /// async fn credit(&self, _: &Applied, branch: &Branch<Assess>) -> Result<u32, String> {
    ///     match branch.attempt() {
    ///         1 | 2 => Err("no answer".to_owned()),
    ///         // The last attempt makes do with the score of last year.
    ///         _ => Ok(640),
    ///     }
    /// }
    /// #     async fn fraud(&self, _: &Applied, _: &Branch<Assess>) -> Result<bool, String> { Ok(false) }
    /// #     async fn assess(&self, _: Applied, joined: AssessJoined, step: &Step<Assess>) -> Result<Assess, String> {
    /// #         Ok(step.to(Assessed { score: joined.credit }))
    /// #     }
    /// # }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// # let end = Loan::start(Applied).run(&Bank).await;
    /// # assert!(matches!(end, Ok(LoanEnd::Assessed(Assessed { score: 640 }))));
    /// # }
    /// ```
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed)
    }

    /// Returns the token that fires when the run is cancelled, and for a branch with a task of its own also
    /// when the split does not need it any more.
    ///
    /// A branch without a task of its own that is not needed any more is dropped where it waits. A
    /// task ends only where it waits: one that computes for long looks at this token now and then
    /// and returns early, with an error.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use stateway::prelude::*;
    /// # workflow! {
    /// #     workflow Search {
    /// #         start Asked { from: Vec<u64> };
    /// #         done Found { number: u64 };
    /// #         split look: Asked -> Found { each from in from: u64 => u64 with spawn; join any; }
    /// #     }
    /// # }
    /// # struct Machine;
    /// # impl SearchSteps for Machine {
    /// #     type Error = &'static str;
    /// async fn from(&self, _: &Asked, from: &u64, branch: &Branch<Look>) -> Result<u64, &'static str> {
    ///     for number in *from..*from + 1_000_000 {
    ///         if number % 1_000 == 999 {
    ///             return Ok(number);
    ///         }
    ///         if branch.cancellation().is_cancelled() {
    ///             return Err("another branch has found one");
    ///         }
    ///     }
    ///     Err("there is none")
    /// }
    /// #     async fn look(&self, _: Asked, found: First<u64>, step: &Step<Look>) -> Result<Look, &'static str> {
    /// #         Ok(step.to(Found { number: found.output }))
    /// #     }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// # let end = Search::start(Asked { from: vec![5] }).run(&Arc::new(Machine)).await;
    /// # assert!(matches!(end, Ok(SearchEnd::Found(Found { number: 999 }))));
    /// # }
    /// ```
    #[must_use]
    pub fn cancellation(&self) -> &CancellationToken {
        self.token.as_ref().unwrap_or_else(|| self.run.token())
    }

    /// Returns the id of the run.
    ///
    /// ```
    /// # use stateway::prelude::*;
    /// # workflow! {
    /// #     workflow Album {
    /// #         start Taken { photos: Vec<String> };
    /// #         done Stored { paths: Vec<String> };
    /// #         split store: Taken -> Stored { each photo in photos: String => String; join all; }
    /// #     }
    /// # }
    /// # struct Disk;
    /// # impl AlbumSteps for Disk {
    /// #     type Error = String;
    /// async fn photo(&self, _: &Taken, photo: &String, branch: &Branch<Store>) -> Result<String, String> {
    ///     // One folder for each run.
    ///     Ok(format!("{}/{photo}", branch.run_id()))
    /// }
    /// #     async fn store(&self, _: Taken, paths: StoreJoined, step: &Step<Store>) -> Result<Store, String> {
    /// #         Ok(step.to(Stored { paths }))
    /// #     }
    /// # }
    /// # let end = pollster::block_on(Album::start(Taken { photos: vec!["a.jpg".to_owned()] }).run(&Disk));
    /// # assert!(matches!(end, Ok(AlbumEnd::Stored(end)) if end.paths[0].ends_with("/a.jpg")));
    /// ```
    #[must_use]
    pub fn run_id(&self) -> &RunId {
        &self.run.id
    }

    pub(crate) fn run(&self) -> &CurrentRun<T::Workflow> {
        &self.run
    }

    pub(crate) fn visit(&self) -> u64 {
        self.visit
    }

    pub(crate) fn declared(&self) -> usize {
        self.declared
    }

    pub(crate) fn attempts(&self) -> &AtomicU32 {
        &self.attempts
    }

    pub(crate) fn entry(&self) -> BranchName {
        crate::split::name(crate::split::info::<T>(), self.declared, self.index)
    }

    fn info(&self) -> &'static BranchInfo {
        &crate::split::info::<T>().branches[self.declared]
    }
}

/// Each attempt of the split begins all branches again, so its number is part of the name.
impl<T: Transition> VisitPart for Branch<T> {
    fn part(&self) -> PartName {
        let BranchName { branch, item } = self.entry();
        self.run.part(PartOf::Branch {
            whole: self.whole,
            name: branch.into(),
            item,
        })
    }
}

impl<T: Transition> fmt::Debug for Branch<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Branch")
            .field("branch", &self.name())
            .field("key", &format_args!("{}", self.key()))
            .field("attempt", &self.attempt())
            .finish_non_exhaustive()
    }
}
