stateway::workflow! {
    workflow Bill {
        start Draft { shared: std::rc::Rc<u8> };
        done Paid;
        step pay: Draft -> Paid;
    }
}

fn main() {}
