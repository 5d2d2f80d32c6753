use proptest::prelude::*;

use super::tests::{Folder, many, read, write};
use super::{Limits, ObservationFile};
use crate::decode::observations::tests::{batch_of, sample};

/// Small files of every kind, codec and encoding: what mutations start from.
fn seeds() -> &'static Vec<(&'static str, Vec<u8>)> {
    static SEEDS: std::sync::OnceLock<Vec<(&'static str, Vec<u8>)>> = std::sync::OnceLock::new();
    SEEDS.get_or_init(|| {
        use ::parquet::basic::{Compression, Encoding, GzipLevel, ZstdLevel};
        use ::parquet::file::properties::{WriterProperties, WriterVersion};
        let mut rows = sample();
        rows.extend(many(60));
        rows.extend(sample());
        let batch = batch_of(&rows).unwrap().to_record_batch().unwrap();
        let mut seeds = Vec::new();
        let codecs = [
            Compression::UNCOMPRESSED,
            Compression::SNAPPY,
            Compression::GZIP(GzipLevel::default()),
            Compression::ZSTD(ZstdLevel::default()),
            Compression::LZ4_RAW,
        ];
        let encodings = [None, Some(Encoding::PLAIN), Some(Encoding::DELTA_LENGTH_BYTE_ARRAY)];
        for (at, (codec, encoding)) in
            codecs.iter().flat_map(|codec| encodings.map(|other| (codec, other))).enumerate()
        {
            let version = [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0][at % 2];
            let mut properties = WriterProperties::builder()
                .set_compression(*codec)
                .set_writer_version(version)
                .set_max_row_group_row_count(Some(40))
                .set_data_page_row_count_limit(16)
                .set_dictionary_enabled(encoding.is_none());
            for name in ["validator", "device", "proof", "address"] {
                properties = properties.set_column_encoding(name.into(), encoding.unwrap_or(Encoding::PLAIN));
            }
            let mut out = Vec::new();
            let mut writer =
                ::parquet::arrow::ArrowWriter::try_new(&mut out, batch.schema(), Some(properties.build()))
                    .unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
            seeds.push(("parquet", out));
        }
        for codec in
            [None, Some(arrow_ipc::CompressionType::ZSTD), Some(arrow_ipc::CompressionType::LZ4_FRAME)]
        {
            let options = arrow_ipc::writer::IpcWriteOptions::default().try_with_compression(codec).unwrap();
            let mut out = Vec::new();
            let mut writer = arrow_ipc::writer::StreamWriter::try_new_with_options(
                &mut out,
                &batch.schema(),
                options.clone(),
            )
            .unwrap();
            writer.write(&batch).unwrap();
            writer.finish().unwrap();
            drop(writer);
            seeds.push(("arrow", out));
            let mut out = Vec::new();
            let mut writer =
                arrow_ipc::writer::FileWriter::try_new_with_options(&mut out, &batch.schema(), options)
                    .unwrap();
            writer.write(&batch.slice(0, 30)).unwrap();
            writer.write(&batch.slice(30, batch.num_rows() - 30)).unwrap();
            writer.finish().unwrap();
            drop(writer);
            seeds.push(("arrow", out));
        }
        let folder = Folder::new();
        for kind in ["jsonl", "jsonl.gz", "jsonl.zst"] {
            let path = folder.0.join(format!("a.{kind}"));
            write(&path, &rows, 1);
            seeds.push((kind, std::fs::read(&path).unwrap()));
        }
        for (kind, bytes) in &seeds {
            let path = folder.file(&format!("seed.{kind}"), bytes);
            assert_eq!(read(&path).unwrap(), rows, "{kind}");
        }
        seeds
    })
}

/// One change of a file: a place, what happens there, and with what.
fn change(bytes: &mut Vec<u8>, place: u64, action: u8, value: u64) {
    const EDGES: [u64; 8] = [0, 1, 0x7f, 0xff, 0x7fff_ffff, 0xffff_ffff, 1 << 40, u64::MAX];
    let Some(at) = place.checked_rem(bytes.len() as u64).and_then(|at| usize::try_from(at).ok()) else {
        return;
    };
    let edge = EDGES[(value % 8) as usize].to_le_bytes();
    let width = match action % 8 {
        0 => 1,
        1 => 4,
        2 => 8,
        3 => return bytes[at] ^= 1 << (value % 8),
        4 => return bytes[at] = value.to_le_bytes()[0],
        5 => return drop(bytes.drain(at..(at + (value % 64) as usize).min(bytes.len()))),
        6 => {
            let copy: Vec<u8> = bytes[at..].iter().take((value % 64) as usize).copied().collect();
            return drop(bytes.splice(at..at, copy));
        }
        // Lengths in footers and headers: numbers of seven bits a byte, made as large as their room allows.
        _ => return bytes[at..].iter_mut().take((value % 9) as usize).for_each(|byte| *byte |= 0x80),
    };
    bytes[at..].iter_mut().zip(&edge[..width]).for_each(|(byte, edge)| *byte = *edge);
}

proptest! {
    // Run with PROPTEST_CASES for longer.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_files_end_in_rows_or_a_finding(
        seed in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<u64>(), any::<u8>(), any::<u64>()), 1..6),
    ) {
        let folder = Folder::new();
        let (kind, bytes) = seed.get(seeds());
        let mut bytes = bytes.clone();
        for (place, action, value) in changes {
            change(&mut bytes, place, action, value);
        }
        let path = folder.file(&format!("changed.{kind}"), &bytes);
        let limits = Limits { batch_rows: 50, ..Limits::default() };
        if let Ok(file) = ObservationFile::open(&path, limits) {
            let rows: Result<Vec<_>, _> = file.read().unwrap().collect();
            if let (Ok(batches), Some(said)) = (rows, file.rows()) {
                prop_assert_eq!(batches.iter().map(|batch| batch.len() as u64).sum::<u64>(), said);
            }
        }
    }
}
