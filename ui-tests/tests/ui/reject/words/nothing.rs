stateway::workflow! {}

fn main() {}
