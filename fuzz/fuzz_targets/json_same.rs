//! Two JSON texts are compared as a plain model compares them, whatever they are.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stateway::testing::fuzz::json_same(bytes));
