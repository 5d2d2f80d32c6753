//! Messages of Filecoin; the law stands in `laws.rs`.

#![no_main]

#[path = "../laws.rs"]
#[allow(dead_code, reason = "each target replays one law of the file")]
mod laws;

libfuzzer_sys::fuzz_target!(|data: &[u8]| laws::filecoin_message_law(data));
