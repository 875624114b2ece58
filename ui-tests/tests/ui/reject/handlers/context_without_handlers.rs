stateway::workflow! {
    workflow Bill {
        start Draft;
        state Sent;
        done Paid;
        step send: Draft -> Sent;
        step pay: Sent -> Paid;
    }
}

struct Desk;

async fn drive() {
    let _ = Bill::start(Draft).run(&Desk).await;
}

fn main() {
    let _ = drive();
}
