use stateway::prelude::*;

workflow! {
    workflow Chat {
        start Asked;
        done Answered;
        log messages: String;
        split answer: Asked -> Answered {
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
