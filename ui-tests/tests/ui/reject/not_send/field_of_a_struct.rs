stateway::workflow! {
    workflow Bill {
        start Draft { note: Note };
        done Paid;
        step pay: Draft -> Paid;
    }
}

pub struct Note {
    pub shared: std::rc::Rc<u8>,
}

fn main() {}
