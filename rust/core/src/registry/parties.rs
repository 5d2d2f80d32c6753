//! Who must sign an event, and whether they did.
//!
//! In: an event, what the registry knows of its device or validator before it, the authority's keys. Out: the signature
//! checks that remain, or a fault. Rule: the table of "uptime proof", section 5. Where an owner without a key would have to
//! sign, the registry authority signs in its place; a key that has ended when the event is recorded signs nothing; a signature by somebody who has no
//! part in the event is a fault; the authority may sign beside an owner. Invariant: an event passes only if every signature on it is good.

use super::events::{Body, Event, Subject};
use super::keys::PublicKey;
use super::members::{EventFault, signing_key};
use super::snapshot::DeviceKey;
use crate::signature::{Rules, Scheme, SignatureVerdict, verify_one};

/// In which capacity somebody signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The key that is enrolled.
    Enrolled,
    /// A key of the validator.
    Validator,
    /// The key that ends in a rotation.
    OldKey,
    /// The key that begins in a rotation.
    NewKey,
    /// The owner.
    Owner,
    /// The owner after a transfer.
    NewOwner,
    /// The registry authority.
    Authority,
}

impl Role {
    const fn name(self) -> &'static str {
        match self {
            Self::Enrolled => "the key that is enrolled",
            Self::Validator => "a key of the validator",
            Self::OldKey => "the old key",
            Self::NewKey => "the new key",
            Self::Owner => "the owner",
            Self::NewOwner => "the new owner",
            Self::Authority => "the registry authority",
        }
    }
}

/// What the registry knows of a device or validator before an event.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// Its keys with their intervals.
    pub keys: &'a [DeviceKey],
    /// Its owner.
    pub owner: &'a str,
}

/// A signature that is still to be checked.
#[derive(Clone, Debug)]
pub(super) struct Check {
    scheme: Scheme,
    key: Vec<u8>,
    message: [u8; 32],
    signature: Vec<u8>,
    kid: Vec<u8>,
    role: Role,
}

impl Check {
    /// Checks it.
    pub fn run(&self) -> Result<(), EventFault> {
        let verdict =
            verify_one(self.scheme, &Rules::UPTIME_PROOF, &self.key, &self.message, &self.signature);
        if verdict == SignatureVerdict::Good {
            return Ok(());
        }
        let kid = data_encoding::HEXLOWER.encode(&self.kid);
        Err(EventFault::new(format!(
            "sigs: the signature with kid {kid} is not that of {} over this event",
            self.role.name()
        ))
        .hint("signed is the SHA-256 of the canonical JSON without seq, times, prev_hash and sigs"))
    }
}

/// Which signatures an event has.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    /// What is still to be checked.
    pub checks: Vec<Check>,
    /// Whether the owner signed as well, and has a key.
    pub has_owner: bool,
    /// Whether the registry authority signed.
    pub has_authority: bool,
}

struct Party {
    role: Role,
    kid: Vec<u8>,
    scheme: Scheme,
    key: Vec<u8>,
}

fn party(role: Role, key: &PublicKey, kid: &[u8]) -> Option<Party> {
    Some(Party { role, kid: kid.to_vec(), scheme: key.scheme()?, key: key.as_bytes().to_vec() })
}

fn owner(role: Role, owner: &str) -> Option<Party> {
    let key = signing_key(owner)?;
    party(role, &key, &key.kid())
}

/// Who may sign, and the groups of which one each must.
struct Rule {
    parties: Vec<Party>,
    required: Vec<Vec<Role>>,
}

impl Rule {
    fn new(parties: impl IntoIterator<Item = Party>, required: &[&[Role]]) -> Self {
        Self {
            parties: parties.into_iter().collect(),
            required: required.iter().map(|group| group.to_vec()).collect(),
        }
    }
}

fn rule(event: &Event, standing: Option<&Standing<'_>>, authority: &[PublicKey]) -> Result<Rule, EventFault> {
    let authorities = || authority.iter().filter_map(|key| party(Role::Authority, key, &key.kid()));
    let known = standing.map_or("", |standing| standing.owner);
    let owner_and_authority = || owner(Role::Owner, known).into_iter().chain(authorities());
    // The owner where it has a key, else the authority in its place.
    let must = if signing_key(known).is_some() { [Role::Owner] } else { [Role::Authority] };
    Ok(match &event.body {
        Body::Enroll(enrolment) => {
            let own = party(Role::Enrolled, &enrolment.key, &enrolment.kid);
            let parties = own.into_iter().chain(authorities()).chain(owner(Role::Owner, &enrolment.owner));
            Rule::new(parties, &[&[Role::Enrolled, Role::Authority]])
        }
        Body::EnrollValidator { key, kid, owner: name, .. } => {
            let parties = party(Role::Enrolled, key, kid).into_iter().chain(owner(Role::Owner, name));
            Rule::new(parties, &[&[Role::Enrolled]])
        }
        Body::CommitChallenge { .. } | Body::ConflictWithDevice { .. } | Body::ConflictWithOwner { .. } => {
            let keys = standing.map_or(&[][..], |standing| standing.keys);
            let valid = keys.iter().filter(|key| !key.has_ended(event.recorded_ms));
            Rule::new(valid.map(|key| own_key(Role::Validator, key)), &[&[Role::Validator]])
        }
        Body::Rotate { old_kid, key, kid, .. } => {
            let old = known_key(standing, old_kid, "old_kid")?;
            if old.has_ended(event.recorded_ms) {
                return Err(EventFault::new(
                    "old_kid: expected a key that has not ended, found one that has",
                ));
            }
            let parties = [own_key(Role::OldKey, old)].into_iter().chain(party(Role::NewKey, key, kid));
            Rule::new(parties, &[&[Role::OldKey], &[Role::NewKey]])
        }
        Body::Revoke { kid, .. } => {
            known_key(standing, kid, "kid")?;
            Rule::new(owner_and_authority(), &[&[Role::Owner, Role::Authority]])
        }
        Body::Retire(_) => Rule::new(owner_and_authority(), &[&[Role::Owner, Role::Authority]]),
        Body::Relocate { .. } | Body::SetPayee { .. } => Rule::new(owner_and_authority(), &[&must]),
        Body::Transfer { owner: new, .. } => {
            let new = owner(Role::NewOwner, new);
            let required: &[&[Role]] = if new.is_some() { &[&must, &[Role::NewOwner]] } else { &[&must] };
            Rule::new(owner_and_authority().chain(new), required)
        }
        Body::SetWeight { .. } | Body::SetClass { .. } | Body::Certify { .. } => {
            Rule::new(authorities(), &[&[Role::Authority]])
        }
    })
}

fn own_key(role: Role, key: &DeviceKey) -> Party {
    Party { role, kid: key.kid.clone(), scheme: key.scheme, key: key.public_key.clone() }
}

fn known_key<'a>(
    standing: Option<&Standing<'a>>,
    kid: &[u8],
    name: &str,
) -> Result<&'a DeviceKey, EventFault> {
    standing.and_then(|standing| standing.keys.iter().find(|key| key.kid == kid)).ok_or_else(|| {
        let kid = data_encoding::HEXLOWER.encode(kid);
        EventFault::new(format!("{name}: expected a key that was enrolled before, found {kid}"))
    })
}

/// Finds the signer of each signature and who is missing. The signatures themselves are checked later, in parallel.
pub(super) fn plan(
    event: &Event,
    standing: Option<&Standing<'_>>,
    authority: &[PublicKey],
) -> Result<Plan, EventFault> {
    let rule = rule(event, standing, authority)?;
    let mut plan = Plan::default();
    let mut signed = Vec::new();
    for sig in &event.sigs {
        let check = |party: &Party| Check {
            scheme: party.scheme,
            key: party.key.clone(),
            message: event.message,
            signature: sig.bytes.clone(),
            kid: sig.kid.clone(),
            role: party.role,
        };
        let mut named: Vec<&Party> = rule.parties.iter().filter(|party| party.kid == sig.kid).collect();
        if named.windows(2).any(|pair| (pair[0].scheme, &pair[0].key) != (pair[1].scheme, &pair[1].key)) {
            // A kid that was named by hand may be that of two signers: the signature says whose it is.
            named.retain(|party| check(party).run().is_ok());
        }
        let Some(first) = named.first() else {
            let kid = data_encoding::HEXLOWER.encode(&sig.kid);
            return Err(EventFault::new(format!(
                "sigs: expected signatures by those who have a part in this event, found one with kid {kid}"
            )));
        };
        plan.checks.push(check(first));
        signed.extend(named.iter().map(|party| party.role));
    }
    for group in &rule.required {
        if !group.iter().any(|role| signed.contains(role)) {
            let names: Vec<&str> = group.iter().map(|role| role.name()).collect();
            return Err(EventFault::new(format!(
                "sigs: expected a signature by {}, found none",
                names.join(" or ")
            )));
        }
    }
    plan.has_owner = signed.contains(&Role::Owner);
    plan.has_authority = signed.contains(&Role::Authority);
    Ok(plan)
}

/// Checks who signed an event and every signature on it.
///
/// `standing` is that of its device or validator before the event, `None` for an enrolment.
pub fn check_signatures(
    event: &Event,
    standing: Option<&Standing<'_>>,
    authority: &[PublicKey],
) -> Result<(), EventFault> {
    plan(event, standing, authority)?.checks.iter().try_for_each(Check::run)
}

/// Whom an event is about, where that must be known before it.
pub(super) fn subject(event: &Event) -> Option<Subject> {
    Some(match &event.body {
        Body::Enroll(_) | Body::EnrollValidator { .. } => return None,
        Body::CommitChallenge { validator, .. }
        | Body::ConflictWithDevice { validator, .. }
        | Body::ConflictWithOwner { validator, .. } => Subject::Validator(validator.clone()),
        Body::Rotate { subject, .. } | Body::Revoke { subject, .. } | Body::Retire(subject) => {
            subject.clone()
        }
        Body::Relocate { device, .. }
        | Body::Transfer { device, .. }
        | Body::SetPayee { device, .. }
        | Body::SetWeight { device, .. }
        | Body::SetClass { device, .. }
        | Body::Certify { device } => Subject::Device(device.clone()),
    })
}
