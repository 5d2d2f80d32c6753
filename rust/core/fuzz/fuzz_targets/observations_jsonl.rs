//! Files of JSON lines, plain and packed; the law stands in `laws.rs`.

#![no_main]

#[path = "../laws.rs"]
#[allow(dead_code, reason = "each target replays one law of the file")]
mod laws;

libfuzzer_sys::fuzz_target!(init: {
    // A panic inside a library is caught at the file's boundary and is a finding; the fuzzer's own hook would abort first.
    std::panic::set_hook(Box::new(|_| {}));
}, |data: &[u8]| laws::observations_jsonl_law(data));
