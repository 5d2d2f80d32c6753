use std::borrow::Cow;

use proptest::prelude::*;

use super::super::wire::TransactionPlace;
use super::*;
use crate::merkle::arweave::tree::{BlockTransaction, Chunking, Leaf, Tree, data_tree, transaction_tree};
use crate::merkle::arweave::{REBASE_START, STRICT_SPLIT_START, branch_id};

const SIZE: usize = 300_000;

fn data() -> Vec<u8> {
    (0..SIZE).map(|i| u8::try_from(i % 251).unwrap()).collect()
}

/// A proof of the second chunk, from a block of three transactions.
fn proof(block_start: u64) -> Record<'static> {
    let data = data();
    let tree = data_tree(&data, Chunking::Client).unwrap();
    let transaction =
        |id: u8, data_root, data_size| BlockTransaction { format: 2, id: [id; 32], data_root, data_size };
    let transactions = [
        transaction(3, None, 0),
        transaction(1, Some([7; 32]), 1000),
        transaction(2, Some(tree.root()), SIZE as u64),
    ];
    let block = transaction_tree(1_000_000, &transactions).unwrap();
    // Leaves: the transaction of 1000 bytes, its padding, ours, its padding, the one without data.
    let (start, chunk_start) = (CHUNK_SIZE, tree.leaves()[0].end);
    let size = usize::try_from(chunk_start).unwrap();
    Record {
        id: None,
        place: Place::Block(TransactionPath {
            offset: block_start + start + chunk_start + 1,
            block_start,
            block_size: 3 * CHUNK_SIZE,
            root: block.root(),
            path: Cow::Owned(block.path(2).unwrap()),
            data_root: None,
            data_size: None,
        }),
        data_path: Cow::Owned(tree.path(1).unwrap()),
        chunk: Chunk::Bytes(Cow::Owned(data[size..].to_vec())),
        ruleset: None,
    }
}

fn block<'r>(record: &'r mut Record<'static>) -> &'r mut TransactionPath<'static> {
    match &mut record.place {
        Place::Block(path) => path,
        Place::Transaction(_) => panic!("the proof starts at a block"),
    }
}

fn code(record: &Record<'_>) -> u8 {
    check(record, Strictness::Admission).code
}

#[test]
fn a_whole_proof_is_valid_in_every_age() {
    for block_start in [0, 1_000_003, STRICT_SPLIT_START, REBASE_START] {
        let finding = check(&proof(block_start), Strictness::Admission);
        assert_eq!((finding.code, finding.failed, finding.not_run), (VALID, 0, 0), "{finding:?}");
        assert_eq!(finding.chunk, Some((CHUNK_SIZE, SIZE as u64)));
        let start = block_start + CHUNK_SIZE;
        assert_eq!(finding.weave, Some((start + CHUNK_SIZE, start + SIZE as u64)));
        assert_eq!(finding.ruleset, Some(Ruleset::of_block(block_start)));
        assert_eq!(finding.outcome(), Outcome::Pass);
    }
}

#[test]
fn any_place_of_the_chunk_finds_it_in_padded_weave() {
    let mut record = proof(STRICT_SPLIT_START);
    let first = block(&mut record).offset;
    for inside in [0, 1, 37_855, CHUNK_SIZE - 1] {
        block(&mut record).offset = first + inside;
        assert_eq!(code(&record), VALID, "{inside}");
    }
    for outside in [first - 1, first + CHUNK_SIZE] {
        block(&mut record).offset = outside;
        assert_ne!(code(&record), VALID, "{outside}");
    }
}

#[test]
fn each_step_fails_by_its_own_name() {
    let mut record = proof(0);
    block(&mut record).root[0] ^= 1;
    let finding = check(&record, Strictness::Admission);
    assert_eq!((finding.code, finding.failed, finding.not_run), (TX_PATH_INVALID, 0b10, 0b11_1111_1100));

    let mut record = proof(0);
    block(&mut record).offset = 0;
    assert_eq!(code(&record), TX_PATH_INVALID);

    let mut record = proof(0);
    block(&mut record).path = Cow::Owned(vec![0; MAX_TX_PATH + 1]);
    assert_eq!(code(&record), TX_PATH_INVALID);

    let mut record = proof(0);
    block(&mut record).data_size = Some(1);
    block(&mut record).data_root = Some([1; 32]);
    let finding = check(&record, Strictness::Admission);
    assert_eq!((finding.code, finding.failed, finding.not_run), (TX_MISMATCH, 0b100, 0));

    let mut record = proof(0);
    record.data_path.to_mut().pop();
    let finding = check(&record, Strictness::Admission);
    assert_eq!((finding.code, finding.failed, finding.not_run), (DATA_PATH_INVALID, 0b1000, 0b11_1111_0000));

    let mut record = proof(0);
    record.data_path = Cow::Owned(vec![0; MAX_DATA_PATH + 1]);
    assert_eq!(code(&record), DATA_PATH_INVALID);
}

#[test]
fn a_chunk_is_its_bytes_and_no_others() {
    let Chunk::Bytes(bytes) = proof(0).chunk else { panic!("the proof holds its chunk") };
    let with = |chunk| check(&Record { chunk, ..proof(0) }, Strictness::Admission);

    let mut changed = bytes.to_vec();
    changed[5] ^= 1;
    assert_eq!(with(Chunk::Bytes(changed.into())).code, CHUNK_HASH_MISMATCH);
    let finding = with(Chunk::Bytes(bytes[1..].to_vec().into()));
    assert_eq!((finding.code, finding.failed), (CHUNK_LENGTH_MISMATCH, 0b10_1000_0000));

    let mut padded = bytes.to_vec();
    padded.resize(262_144, 0);
    assert_eq!(with(Chunk::Padded(padded.clone().into())).code, VALID);
    assert_eq!(with(Chunk::Padded(padded[..262_143].to_vec().into())).code, CHUNK_LENGTH_MISMATCH);
    padded[262_143] = 1;
    assert_eq!(with(Chunk::Padded(padded.into())).code, PADDING_NOT_ZERO);
}

#[test]
fn paths_without_bytes_show_no_storage() {
    let Chunk::Bytes(bytes) = proof(0).chunk else { panic!("the proof holds its chunk") };
    let with = |size, sha256| {
        check(&Record { chunk: Chunk::Absent { size, sha256 }, ..proof(0) }, Strictness::Admission)
    };
    let finding = with(None, None);
    assert_eq!((finding.code, finding.failed, finding.not_run), (PATHS_VALID, 0, 0b11_1000_0000));
    assert_eq!(finding.outcome(), Outcome::Unknown);
    let finding = with(Some(bytes.len() as u64), Some(sha256(&bytes)));
    assert_eq!((finding.code, finding.not_run), (PATHS_VALID, 0b1_0000_0000));
    assert_eq!(with(Some(1), None).code, CHUNK_LENGTH_MISMATCH);
    assert_eq!(with(None, Some([0; 32])).code, CHUNK_HASH_MISMATCH);
}

fn of_tree(tree: &Tree, leaf: usize, dest: i64, size: u64, chunk: Vec<u8>) -> Record<'static> {
    Record {
        id: None,
        place: Place::Transaction(TransactionPlace {
            data_root: tree.root(),
            data_size: size,
            relative_offset: dest,
            weave_start: None,
            block_start: None,
        }),
        data_path: Cow::Owned(tree.path(leaf).unwrap()),
        chunk: Chunk::Bytes(Cow::Owned(chunk)),
        ruleset: None,
    }
}

#[test]
fn admission_is_stricter_than_a_block() {
    // A place behind the tree's end: nodes move it inside.
    let tree = data_tree(&[5; 100], Chunking::Client).unwrap();
    let record = of_tree(&tree, 0, 100, 100, vec![5; 100]);
    assert_eq!(check(&record, Strictness::Admission).code, DATA_PATH_INVALID);
    assert_eq!(check(&record, Strictness::Block).code, VALID);

    // The zero-length tail of a multiple of 256 KiB, in a transaction that claims one byte more.
    let tree = data_tree(&vec![5; 262_144], Chunking::Client).unwrap();
    let mut record = of_tree(&tree, 1, 262_144, CHUNK_SIZE + 1, vec![]);
    record.ruleset = Some(Ruleset::StrictBorders);
    let finding = check(&record, Strictness::Admission);
    assert_eq!((finding.code, finding.failed), (LEAF_SIZE_INVALID, 0b1010_0000));
    assert_eq!(check(&record, Strictness::Block).code, VALID);
}

#[test]
fn spare_markers_are_refused_at_admission_only() {
    let full = vec![5; 262_144];
    let side = Tree::new(vec![Leaf { value: Some(sha256(&full)), end: CHUNK_SIZE }]).unwrap();
    let (side_id, note) = (side.root(), CHUNK_SIZE);
    let mut path = vec![0; 32];
    path.extend_from_slice(&side_id);
    path.extend_from_slice(&side_id);
    path.extend_from_slice(&[0; 24]);
    path.extend_from_slice(&note.to_be_bytes());
    path.extend(side.path(0).unwrap());
    let mut record = of_tree(&side, 0, 0, 2 * CHUNK_SIZE, full);
    record.data_path = Cow::Owned(path);
    let Place::Transaction(place) = &mut record.place else { panic!("the record names a transaction") };
    place.data_root = branch_id(&side_id, &side_id, note);
    let finding = check(&record, Strictness::Admission);
    assert_eq!(
        (finding.code, finding.ruleset),
        (REDUNDANT_MARKER, Some(Ruleset::OffsetRebase)),
        "{finding:?}"
    );
    assert_eq!(check(&record, Strictness::Block).code, VALID);
}

#[test]
fn borders_are_those_of_the_blocks_age() {
    let bytes: Vec<u8> = vec![9; 262_144];
    let cut = |start: usize, end: usize| Leaf { value: Some(sha256(&bytes[start..end])), end: end as u64 };
    let tree = Tree::new(vec![cut(0, 100), cut(100, 262_144)]).unwrap();
    let mut record = of_tree(&tree, 0, 0, CHUNK_SIZE, bytes[..100].to_vec());
    let mut at = |start| {
        let Place::Transaction(place) = &mut record.place else { panic!("the record names a transaction") };
        place.block_start = start;
        check(&record, Strictness::Admission)
    };
    assert_eq!(at(Some(STRICT_SPLIT_START - 1)).code, VALID);
    let finding = at(Some(STRICT_SPLIT_START));
    assert_eq!((finding.code, finding.failed, finding.not_run), (RULESET_VIOLATED, 0b1_0000, 0));
    assert_eq!(at(Some(REBASE_START)).code, VALID);
    // Of unknown age: the rebase ruleset is tried before the weaker one.
    assert_eq!(at(None).ruleset, Some(Ruleset::OffsetRebase));
}

proptest! {
    #[test]
    fn no_record_panics(
        path in prop::collection::vec(any::<u8>(), 0..300), tx in prop::collection::vec(any::<u8>(), 0..300),
        offset: u64, block_start: u64, block_size: u64, bytes in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut record = proof(0);
        *block(&mut record) = TransactionPath {
            offset, block_start, block_size, root: [0; 32], path: Cow::Owned(tx), data_root: None, data_size: None,
        };
        record.data_path = Cow::Owned(path.clone());
        record.chunk = Chunk::Padded(Cow::Owned(bytes));
        prop_assert_eq!(code(&record), TX_PATH_INVALID);
        record.place = Place::Transaction(TransactionPlace {
            data_root: [0; 32], data_size: block_size, relative_offset: offset.cast_signed(),
            weave_start: Some(block_start), block_start: Some(block_start),
        });
        prop_assert_eq!(code(&record), DATA_PATH_INVALID);
    }
}
