//! The claims of a proof, from CBOR or [JSON](from_json), without a tree in between.
//!
//! In: the payload's bytes. Out: [`Claims`]. Rule: "uptime proof", section 1.1: types, ranges, what is required and what is
//! ignored. Invariant: a payload that is no well-formed map is told from one whose claims break a rule, and the former goes
//! first, wherever in the bytes the two stand.

mod from_json;

use std::borrow::Cow;

pub use from_json::{Layouts, from_json};

use super::cbor::{self, Item};
use super::degrees::Exact;
use super::distinct::Distinct;
use super::fault::Fault;
use crate::canonical::MAX_INTEGER;

/// The profile that this format is.
pub const PROFILE: &str = "tag:github.com,2026:depinverify/uptime-proof/1";

/// Nesting that an envelope, a header or a payload may have.
pub const MAX_DEPTH: usize = 8;

/// The label of the location in CBOR.
const LOCATION_KEY: u64 = 264;

/// Longest device id.
const MAX_UEID: usize = 33;

const NONCE: &str = "eat_nonce of 32 bytes";
const UEID: &str = "ueid of 7 to 33 bytes that begins with 1, 2 or 3";
const IAT: &str = "iat, an integer from 0 to 2^53-1";
const EAT_PROFILE: &str = "eat_profile, a text";
const UPTIME: &str = "uptime, an integer from 0 to 2^53-1";
const BOOTCOUNT: &str = "bootcount, an integer from 0 to 2^53-1";
const LOCATION: &str = "location, a map";
const LATITUDE: &str = "latitude from -90 to 90 degrees";
const LONGITUDE: &str = "longitude from -180 to 180 degrees";
const ALTITUDE: &str = "altitude, a finite number";
const ACCURACY: &str = "accuracy, a number from 0 on";
const SWNAME: &str = "swname, a text";
const SWVERSION: &str = "swversion, an array of one or two that begins with a text";
const HWMODEL: &str = "hwmodel, bytes";
const OEMID: &str = "oemid, bytes";
const METRICS: &str = "depin_metrics, a map from text to 64-bit integers";

/// A device id as it stands in a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ueid {
    bytes: [u8; MAX_UEID],
    length: u8,
}

impl Ueid {
    /// The id, if its length and type are those of a UEID.
    pub fn new(id: &[u8]) -> Option<Self> {
        let length = u8::try_from(id.len()).ok().filter(|length| (7..=33).contains(length))?;
        matches!(id.first(), Some(1..=3)).then_some(())?;
        let mut bytes = [0; MAX_UEID];
        bytes.get_mut(..id.len())?.copy_from_slice(id);
        Some(Self { bytes, length })
    }

    /// The id's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }
}

/// Where a device says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    /// Latitude in 10^-7 degrees.
    pub lat_e7: i32,
    /// Longitude in 10^-7 degrees.
    pub lon_e7: i32,
    /// Accuracy in whole metres, rounded up; 0 where it is not given.
    pub accuracy_m: u64,
}

/// What a device says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims<'a> {
    /// The challenge that is answered.
    pub nonce: [u8; 32],
    /// The device's id.
    pub ueid: Ueid,
    /// The device's clock, Unix seconds.
    pub iat: i64,
    /// Seconds since boot.
    pub uptime: Option<i64>,
    /// Boots so far.
    pub bootcount: Option<i64>,
    /// Where the device is.
    pub location: Option<Location>,
    /// Hardware model.
    pub hwmodel: Option<Cow<'a, [u8]>>,
    /// Manufacturer.
    pub oemid: Option<Cow<'a, [u8]>>,
    /// Name of the software.
    pub swname: Option<Cow<'a, str>>,
    /// Version of the software, without its scheme.
    pub swversion: Option<Cow<'a, str>>,
    /// Named quantities of a service, in the order of the proof.
    pub metrics: Vec<(Cow<'a, str>, i64)>,
    /// Whether `eat_profile` is [`PROFILE`].
    pub is_profile_known: bool,
}

/// Why a payload gives no claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadFault {
    /// It is no well-formed map within the limits.
    Payload(Fault),
    /// A claim breaks its rule.
    Claims(Fault),
}

impl From<Fault> for PayloadFault {
    fn from(fault: Fault) -> Self {
        Self::Payload(fault)
    }
}

/// Claims on the way: what was found so far, and the first rule that was broken.
#[derive(Default)]
struct Draft<'a> {
    fault: Option<Fault>,
    nonce: Option<[u8; 32]>,
    ueid: Option<Ueid>,
    iat: Option<i64>,
    is_profile_known: Option<bool>,
    uptime: Option<i64>,
    bootcount: Option<i64>,
    location: Option<Location>,
    hwmodel: Option<Cow<'a, [u8]>>,
    oemid: Option<Cow<'a, [u8]>>,
    swname: Option<Cow<'a, str>>,
    swversion: Option<Cow<'a, str>>,
    metrics: Vec<(Cow<'a, str>, i64)>,
}

impl<'a> Draft<'a> {
    fn refuse(&mut self, fault: Fault) {
        self.fault.get_or_insert(fault);
    }

    /// Keeps a value, or the fault that it is not one.
    fn keep<T>(
        &mut self,
        value: Option<T>,
        offset: usize,
        expected: &'static str,
        found: &'static str,
    ) -> Option<T> {
        if value.is_none() {
            self.refuse(Fault::named(offset, expected, found));
        }
        value
    }

    /// Keeps a location that was read from these bytes, or the fault that it is none.
    fn locate(&mut self, found: Result<Location, Fault>, bytes: &[u8], last: &mut LastLocation) {
        last.keep(bytes, found.ok());
        match found {
            Ok(location) => self.location = Some(location),
            Err(fault) => self.refuse(fault),
        }
    }

    fn finish(self) -> Result<Claims<'a>, PayloadFault> {
        let missing = |expected| PayloadFault::Claims(Fault::named(0, expected, "no such claim"));
        if let Some(fault) = self.fault {
            return Err(PayloadFault::Claims(fault));
        }
        Ok(Claims {
            nonce: self.nonce.ok_or_else(|| missing(NONCE))?,
            ueid: self.ueid.ok_or_else(|| missing(UEID))?,
            iat: self.iat.ok_or_else(|| missing(IAT))?,
            is_profile_known: self.is_profile_known.ok_or_else(|| missing(EAT_PROFILE))?,
            uptime: self.uptime,
            bootcount: self.bootcount,
            location: self.location,
            hwmodel: self.hwmodel,
            oemid: self.oemid,
            swname: self.swname,
            swversion: self.swversion,
            metrics: self.metrics,
        })
    }
}

/// The location of the payload before, which is also the next one's if its bytes are the same: most devices stay where they
/// are.
#[derive(Debug, Default)]
pub struct LastLocation {
    bytes: Vec<u8>,
    location: Option<Location>,
}

impl LastLocation {
    fn keep(&mut self, bytes: &[u8], location: Option<Location>) {
        self.location = location.filter(|_| !bytes.is_empty());
        self.bytes.clear();
        self.bytes.extend_from_slice(bytes);
    }

    /// The location, if `skip` finds its bytes.
    fn find(&self, skip: impl FnOnce(&[u8]) -> bool) -> Option<Location> {
        self.location.filter(|_| skip(&self.bytes))
    }
}

/// The parts of a location on the way.
#[derive(Default)]
struct Place {
    latitude: Option<i32>,
    longitude: Option<i32>,
    accuracy: u64,
    /// The rule that a part broke.
    broken: Option<&'static str>,
}

impl Place {
    /// Keeps a part, 1 to 4 as in CBOR; `None` is a value that is no finite number.
    fn set(&mut self, part: u64, value: Option<Exact>) {
        let broken = match part {
            1 => {
                self.latitude = value.and_then(|value| value.degrees_e7(90));
                self.latitude.is_none().then_some(LATITUDE)
            }
            2 => {
                self.longitude = value.and_then(|value| value.degrees_e7(180));
                self.longitude.is_none().then_some(LONGITUDE)
            }
            3 => value.is_none().then_some(ALTITUDE),
            4 => match value.and_then(|value| value.metres()) {
                Some(metres) => {
                    self.accuracy = metres;
                    None
                }
                None => Some(ACCURACY),
            },
            _ => None,
        };
        self.broken = self.broken.or(broken);
    }

    fn finish(self, offset: usize) -> Result<Location, Fault> {
        if let Some(expected) = self.broken {
            return Err(Fault::named(offset, expected, "another value"));
        }
        let lat_e7 = self.latitude.ok_or_else(|| Fault::named(offset, LATITUDE, "none"))?;
        let lon_e7 = self.longitude.ok_or_else(|| Fault::named(offset, LONGITUDE, "none"))?;
        Ok(Location { lat_e7, lon_e7, accuracy_m: self.accuracy })
    }
}

fn count(value: i64) -> Option<i64> {
    (0..=MAX_INTEGER).contains(&value).then_some(value)
}

/// The claims of a CBOR payload.
pub fn from_cbor<'a>(
    payload: &'a [u8],
    names: &mut Distinct,
    last: &mut LastLocation,
) -> Result<Claims<'a>, PayloadFault> {
    let mut reader = cbor::Reader::new(payload, MAX_DEPTH, names)?;
    let pairs = match reader.item()? {
        Item::Map(pairs) => pairs,
        other => return Err(Fault::named(0, "a map of claims", other.kind()).into()),
    };
    let mut draft = Draft::default();
    let mut map = reader.enter_map(pairs)?;
    while let Some(key) = reader.next_key(&mut map)? {
        if key == Item::Unsigned(LOCATION_KEY) {
            cbor_location(&mut reader, payload, &mut draft, last)?;
        } else {
            cbor_claim(&mut reader, key, &mut draft)?;
        }
    }
    reader.finish()?;
    draft.finish()
}

fn cbor_claim<'a>(
    reader: &mut cbor::Reader<'a, '_>,
    key: Item<'a>,
    draft: &mut Draft<'a>,
) -> Result<(), Fault> {
    let offset = reader.offset();
    let item = reader.item()?;
    let found = item.kind();
    let bytes = match item {
        Item::Bytes(bytes) => Some(bytes),
        _ => None,
    };
    let text = match item {
        Item::Text(text) => Some(text),
        _ => None,
    };
    match key {
        Item::Unsigned(10) => {
            draft.nonce = draft.keep(bytes.and_then(|bytes| bytes.try_into().ok()), offset, NONCE, found);
        }
        Item::Unsigned(256) => draft.ueid = draft.keep(bytes.and_then(Ueid::new), offset, UEID, found),
        Item::Unsigned(6) => draft.iat = draft.keep(item.as_i64().and_then(count), offset, IAT, found),
        Item::Unsigned(265) => {
            let is_known = text.map(|text| text == PROFILE);
            draft.is_profile_known = draft.keep(is_known, offset, EAT_PROFILE, found);
        }
        Item::Unsigned(261) => {
            draft.uptime = draft.keep(item.as_i64().and_then(count), offset, UPTIME, found);
        }
        Item::Unsigned(267) => {
            draft.bootcount = draft.keep(item.as_i64().and_then(count), offset, BOOTCOUNT, found);
        }
        Item::Unsigned(259) => draft.hwmodel = draft.keep(bytes.map(Cow::Borrowed), offset, HWMODEL, found),
        Item::Unsigned(258) => draft.oemid = draft.keep(bytes.map(Cow::Borrowed), offset, OEMID, found),
        Item::Unsigned(270) => draft.swname = draft.keep(text.map(Cow::Borrowed), offset, SWNAME, found),
        Item::Unsigned(271) => return cbor_version(reader, item, offset, draft),
        Item::Negative(70_000) => return cbor_metrics(reader, item, offset, draft),
        _ => {}
    }
    reader.skip_content(item)
}

fn cbor_location<'a>(
    reader: &mut cbor::Reader<'a, '_>,
    payload: &'a [u8],
    draft: &mut Draft<'a>,
    last: &mut LastLocation,
) -> Result<(), Fault> {
    let offset = reader.offset();
    if let Some(location) = last.find(|bytes| reader.skip_known(bytes)) {
        draft.location = Some(location);
        return Ok(());
    }
    let item = reader.item()?;
    let Item::Map(pairs) = item else {
        draft.refuse(Fault::named(offset, LOCATION, item.kind()));
        return reader.skip_content(item);
    };
    let mut place = Place::default();
    let mut map = reader.enter_map(pairs)?;
    while let Some(key) = reader.next_key(&mut map)? {
        let value = reader.item()?;
        let exact = match value {
            Item::Unsigned(value) => Some(Exact::unsigned(value)),
            Item::Negative(value) => Exact::negative(value),
            Item::Float(value) => Exact::float(value),
            _ => None,
        };
        if let Item::Unsigned(part) = key {
            place.set(part, exact);
        }
        reader.skip_content(value)?;
    }
    let bytes = payload.get(offset..reader.offset()).unwrap_or_default();
    draft.locate(place.finish(offset), bytes, last);
    Ok(())
}

fn cbor_version<'a>(
    reader: &mut cbor::Reader<'a, '_>,
    item: Item<'a>,
    offset: usize,
    draft: &mut Draft<'a>,
) -> Result<(), Fault> {
    let Item::Array(length @ 1..=2) = item else {
        draft.refuse(Fault::named(offset, SWVERSION, item.kind()));
        return reader.skip_content(item);
    };
    reader.enter_array()?;
    let first = reader.item()?;
    let version = match first {
        Item::Text(text) => Some(Cow::Borrowed(text)),
        _ => None,
    };
    draft.swversion = draft.keep(version, offset, SWVERSION, first.kind());
    reader.skip_content(first)?;
    if length == 2 {
        reader.skip()?;
    }
    reader.leave();
    Ok(())
}

fn cbor_metrics<'a>(
    reader: &mut cbor::Reader<'a, '_>,
    item: Item<'a>,
    offset: usize,
    draft: &mut Draft<'a>,
) -> Result<(), Fault> {
    let Item::Map(pairs) = item else {
        draft.refuse(Fault::named(offset, METRICS, item.kind()));
        return reader.skip_content(item);
    };
    let mut map = reader.enter_map(pairs)?;
    while let Some(key) = reader.next_key(&mut map)? {
        let offset = reader.offset();
        let value = reader.item()?;
        match (key, value.as_i64()) {
            (Item::Text(name), Some(number)) => draft.metrics.push((Cow::Borrowed(name), number)),
            (Item::Text(_), None) => draft.refuse(Fault::named(offset, METRICS, value.kind())),
            _ => draft.refuse(Fault::named(offset, METRICS, key.kind())),
        }
        reader.skip_content(value)?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "claims_tests.rs"]
mod tests;
