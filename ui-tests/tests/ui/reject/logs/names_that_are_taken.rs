stateway::workflow! {
    workflow Chat {
        start Asked;
        done Replied;
        log messages: String;
        log messages: u32;
        log input: String;
        log Costs: u32;
        log info: String;
        log name: String;
        log tell: String;
        signal tell(String): Asked -> Replied;
    }
}

fn main() {}
