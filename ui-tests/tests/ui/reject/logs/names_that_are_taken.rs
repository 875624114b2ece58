stateway::workflow! {
    workflow Chat {
        start Asked;
        done Answered;
        log messages: String;
        log messages: u32;
        log input: String;
        log Costs: u32;
        log info: String;
        log name: String;
        log tell: String;
        signal tell(String): Asked -> Answered;
    }
}

fn main() {}
