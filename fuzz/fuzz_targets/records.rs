//! A record of the file that can be read is written as the same bytes, and none makes the reader panic.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stateway::testing::fuzz::records(bytes));
