//! Arrow IPC files and streams of observations.
//!
//! Any bytes end in rows that keep the rules or in one finding; reading part by part gives the same rows.

#![no_main]

use depinverify_core::decode::container::{Limits, ObservationFile};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: {
    // A panic inside a library is caught at the file's boundary and is a finding; the fuzzer's own hook would abort first.
    std::panic::set_hook(Box::new(|_| {}));
}, |data: &[u8]| {
    let limits = Limits { group_bytes: 64 << 20, rows: 1 << 20, batch_rows: 100, ..Limits::default() };
    for kind in ["arrow"] {
        let path = std::env::temp_dir().join(format!("depinverify-fuzz-{}.{kind}", std::process::id()));
        if std::fs::write(&path, data).is_err() {
            return;
        }
        let Ok(file) = ObservationFile::open(&path, limits) else { continue };
        let rows = |parts| -> Result<usize, ()> {
            let mut rows = 0;
            for batch in file.read_parts(parts).map_err(drop)? {
                let batch = batch.map_err(drop)?;
                assert!(batch.to_record_batch().is_ok());
                rows += batch.len();
            }
            Ok(rows)
        };
        if let Ok(all) = rows(0..file.parts()) {
            assert!(file.rows().is_none_or(|said| said == all as u64));
            let parts: usize = (0..file.parts()).map(|part| rows(part..part + 1).unwrap_or(0)).sum();
            assert_eq!(parts, all);
        }
    }
});
