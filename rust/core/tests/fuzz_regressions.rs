//! Replays every kept input of the fuzzer: seeds, and whatever once broke a law.
//!
//! An input lies in `tests/fuzz_regressions/<target>/`; to keep one, copy it there.

#[path = "../fuzz/laws.rs"]
mod laws;

use std::fs;
use std::path::Path;

#[test]
fn every_kept_input_obeys_the_law_of_its_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz_regressions");
    for (target, law) in laws::LAWS {
        let mut inputs: Vec<_> = fs::read_dir(folder.join(target))
            .unwrap_or_else(|error| panic!("{target}: {error}"))
            .map(|entry| entry.expect("a readable folder").path())
            .collect();
        inputs.sort();
        assert!(!inputs.is_empty(), "{target} has no input");
        for path in &inputs {
            let input = fs::read(path).expect("a readable input");
            println!("{target} {}", path.display());
            law(&input);
            // Every beginning of it as well: cut input is the most common kind of bad input.
            for length in 0..input.len().min(400) {
                law(&input[..length]);
            }
        }
        println!("{target}: {} inputs", inputs.len());
    }
}
