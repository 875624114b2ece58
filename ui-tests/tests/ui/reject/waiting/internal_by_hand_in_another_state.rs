use stateway::prelude::*;

workflow! {
    workflow Request {
        start Draft;
        state Submitted { comments: Vec<String> };
        done Approved;

        signal submit: Draft -> Submitted;
        signal comment(String): Submitted;
        signal approve: Submitted -> Approved;
    }
}

fn main() {
    Request::start(Draft).comment("why".to_owned(), |submitted, comment| submitted.comments.push(comment));
}
