stateway::workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        signal pay(std::rc::Rc<u8>): Draft -> Paid;
    }
}

fn main() {}
