//! The operations that a store around another leaves to the one inside, its field `store`: all but `commit` and `stop`, or these and
//! `note`, or these and `claim` and `get`, or these and `create`, or these and `heartbeat`.

macro_rules! passed_on {
    () => {
        passed_on! { note(note: stateway::store::Note) -> stateway::store::Hold; }
        passed_on! { @but_notes }
    };
    (@but_notes) => {
        passed_on! {
            claim(claim: stateway::store::Claim) -> stateway::store::Claims;
            get(run: &RunId) -> Option<stateway::store::Found>;
        }
        passed_on! { @but_claims }
    };
    (@but_claims) => {
        passed_on! {
            create(run: stateway::store::NewRun) -> stateway::store::Created;
        }
        passed_on! { @but_creates }
    };
    (@but_creates) => {
        passed_on! {
            heartbeat(heartbeat: stateway::store::Heartbeat) -> Vec<stateway::store::Beat>;
        }
        passed_on! { @but_beats }
    };
    (@but_beats) => {
        passed_on! {
            declare(declaration: stateway::store::Declaration) -> stateway::store::Declared;
            release(release: stateway::store::Release) -> ();
            send(delivery: stateway::store::Delivery) -> stateway::store::Sent;
            unpark(run: &RunId, request: stateway::store::Request) -> ();
            pause(run: &RunId, request: stateway::store::Request) -> ();
            resume(run: &RunId, request: stateway::store::Request) -> ();
            retry_now(run: &RunId, request: stateway::store::Request) -> ();
            retry_rollback(run: &RunId, request: stateway::store::Request) -> ();
            list(filter: stateway::store::Filter) -> Vec<stateway::store::RunRow>;
            count(filter: stateway::store::Filter) -> Vec<stateway::store::RunCount>;
            history(run: &RunId, from: u64, limit: usize) -> Vec<stateway::store::HistoryRow>;
            log(run: &RunId, from: u64, limit: usize) -> Vec<stateway::store::LogRow>;
            message(run: &RunId, id: &str) -> Option<stateway::store::MessageState>;
            inbox(run: &RunId) -> Vec<stateway::store::Message>;
            undoable(run: &RunId, limit: usize) -> Vec<stateway::store::HistoryRow>;
            purge(purge: stateway::store::Purge) -> u64;
        }
    };
    ($($operation:ident($($argument:ident: $type:ty),*) -> $gives:ty;)*) => {
        $(fn $operation(&self, $($argument: $type),*) -> StoreFuture<'_, $gives> {
            self.store.$operation($($argument),*)
        })*
    };
}
