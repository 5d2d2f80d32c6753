use super::*;
use crate::verdict::{CATALOGUE, Family};

#[test]
fn verdicts_are_those_of_the_catalogue() {
    let numbers: Vec<_> = CATALOGUE
        .iter()
        .filter(|entry| entry.family == Family::Signature)
        .map(|entry| entry.number)
        .collect();
    let own: Vec<_> = SignatureVerdict::ALL.into_iter().map(|verdict| Some(verdict.number())).collect();
    assert_eq!(numbers, own);
    let good: Vec<_> = SignatureVerdict::ALL.into_iter().filter(|verdict| verdict.is_good()).collect();
    assert_eq!(good, [SignatureVerdict::Good]);
}

#[test]
fn names_and_numbers_lead_back() {
    for scheme in Scheme::ALL {
        assert_eq!(Scheme::from_number(scheme.number()), Some(scheme));
        assert_eq!(Scheme::from_name(scheme.name()), Some(scheme));
    }
    assert_eq!(Scheme::from_number(0), None);
    assert_eq!(Scheme::from_number(4), None);
    for profile in Ed25519Profile::ALL {
        assert_eq!(Ed25519Profile::from_name(profile.name()), Some(profile));
    }
    let mut rules = 0;
    for encoding in EcdsaEncoding::ALL {
        for s in SPolicy::ALL {
            for digest in EcdsaDigest::ALL {
                let rule = EcdsaRule { encoding, s, digest };
                assert_eq!(EcdsaRule::from_name(&rule.to_string()), Some(rule));
                rules += 1;
            }
        }
    }
    assert_eq!(rules, 24);
    assert_eq!(EcdsaRule::P1363_ANY_S.to_string(), "p1363-any_s");
}

#[test]
fn other_names_lead_nowhere() {
    for name in
        ["", "p1363", "any_s", "p1363-any_s-", "p1363-any_s-md5", "p1363-any_s-sha256-x", "P1363-any_s"]
    {
        assert_eq!(EcdsaRule::from_name(name), None, "{name}");
    }
    assert_eq!(Ed25519Profile::from_name("Strict"), None);
    assert_eq!(Scheme::from_name("rsa"), None);
}
