stateway::workflow! {
    workflow Rating {
        start Asked { items: Vec<u32> };
        done Rated;
        failed Lost;
        split rate: Asked -> Rated | Lost {
            each item in items: u32 => std::rc::Rc<u8>;
            join settled;
        }
    }
}

fn main() {}
