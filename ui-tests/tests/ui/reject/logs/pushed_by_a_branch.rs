use stateway::prelude::*;

workflow! {
    workflow Chat {
        start Asked;
        done Replied;
        log messages: String;
        split answer: Asked -> Replied {
            branch left: u32;
            branch right: u32;
            join all;
        }
    }
}

async fn left(branch: &Branch<Answer>) {
    branch.messages().push("left".to_owned());
}

fn main() {}
