//! Keys of every circuit's size, and of none.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use super::{KeyError, KeyPoint, PUBLISHED, Trust, VerificationKey, check_value};
use crate::networks::filecoin::groth16::made::MadeKey;
use crate::networks::filecoin::points::PointFault;
use crate::networks::filecoin::window_post::{PostKind, PostType};

#[test]
fn published_keys_fit_the_types_of_proof() {
    for key in &PUBLISHED {
        let kind = if key.challenges == 1 { PostKind::Winning } else { PostKind::WindowV1P1 };
        assert_eq!(key.inputs(), PostType { kind, sector_size: key.sector_size }.inputs());
        assert_eq!((key.id.len(), key.check_value.len()), (64, 32));
    }
    let names: BTreeSet<_> = PUBLISHED.iter().map(super::PublishedKey::file_name).collect();
    assert_eq!(names.len(), PUBLISHED.len());
    assert!(names.contains(
        "v28-proof-of-spacetime-fallback-merkletree-poseidon_hasher-8-8-0-\
         0377ded656c6f524f1618760bffe4e0a1c51d5a70c4509eedae8a27555733edc.vk"
    ));
}

#[test]
fn a_key_is_trusted_by_its_check_value() {
    let file = MadeKey::new(3).file();
    let check = check_value(&file);
    assert_eq!(file.len(), 868 + 96 * 4);
    let key = VerificationKey::from_file(&file, Trust::Pinned(check)).unwrap();
    assert_eq!((key.inputs(), key.check_value(), key.published()), (3, check, None));
    assert!(VerificationKey::from_file(&file, Trust::Anyone).is_ok());
    let error = VerificationKey::from_file(&file, Trust::Published).unwrap_err();
    assert_eq!(error, KeyError::NotPublished { found: check });
    assert!(error.to_string().ends_with("is not one that the network publishes"));
}

#[test]
fn the_first_bad_point_is_named() {
    let mut file = MadeKey::new(40).file();
    for place in [39, 5, 17] {
        file[868 + 96 * place + 95] ^= 1;
    }
    let error = VerificationKey::from_file(&file, Trust::Anyone).unwrap_err();
    assert_eq!(error, KeyError::Point { point: KeyPoint::Input(5), fault: PointFault::NotOnCurve });
    assert_eq!(error.to_string(), "verification key: IC 5: it does not lie on the curve");
    // On the curve, of order 3.
    let mut file = MadeKey::new(1).file();
    file[868..].fill(0);
    (file[868 + 95], file[868 + 191]) = (2, 2);
    let error = VerificationKey::from_file(&file, Trust::Anyone).unwrap_err();
    assert_eq!(error, KeyError::Point { point: KeyPoint::Input(0), fault: PointFault::NotInSubgroup });
}

#[test]
fn every_cut_is_noticed() {
    let file = MadeKey::new(1).file();
    for length in 0..file.len() {
        let error = VerificationKey::from_file(&file[..length], Trust::Anyone).unwrap_err();
        let expected = if length < 868 {
            KeyError::Short { found: length }
        } else {
            KeyError::Size { points: 2, expected: 868 + 192, found: length }
        };
        assert_eq!(error, expected);
    }
}
