//! The claims of a JSON payload.
//!
//! In: the payload's bytes, and the order of the members of the payload before. Out: [`Claims`]. Rule and invariant: those of
//! the parent module; the order changes how fast a member's name is found, never what it means.

use std::borrow::Cow;

use super::super::base64url;
use super::super::degrees::Exact;
use super::super::distinct::Distinct;
use super::super::fault::Fault;
use super::super::json::{Kind, Reader, integer};
use super::super::layout::Layout;
use super::{
    BOOTCOUNT, Claims, Draft, EAT_PROFILE, HWMODEL, IAT, LOCATION, LastLocation, MAX_DEPTH, MAX_UEID,
    METRICS, NONCE, OEMID, PROFILE, PayloadFault, Place, SWNAME, SWVERSION, UEID, UPTIME, Ueid, count,
};

/// What a member says.
#[derive(Clone, Copy, Debug)]
enum Claim {
    Nonce,
    Ueid,
    Iat,
    Profile,
    Uptime,
    Bootcount,
    Location,
    Hwmodel,
    Oemid,
    Swname,
    Swversion,
    Metrics,
    Other,
}

impl Claim {
    fn of(name: &str) -> Self {
        match name {
            "eat_nonce" => Self::Nonce,
            "ueid" => Self::Ueid,
            "iat" => Self::Iat,
            "eat_profile" => Self::Profile,
            "uptime" => Self::Uptime,
            "bootcount" => Self::Bootcount,
            "location" => Self::Location,
            "hwmodel" => Self::Hwmodel,
            "oemid" => Self::Oemid,
            "swname" => Self::Swname,
            "swversion" => Self::Swversion,
            "depin_metrics" => Self::Metrics,
            _ => Self::Other,
        }
    }
}

/// The order of members in the payload before: those of one device are mostly the same.
#[derive(Debug, Default)]
pub struct Layouts {
    claims: Layout<Claim>,
    /// Parts of a location, by their number in CBOR; 0 for any other.
    location: Layout<u64>,
    last: LastLocation,
}

/// The claims of a JSON payload.
pub fn from_json<'a>(
    payload: &'a [u8],
    names: &mut Distinct,
    layouts: &mut Layouts,
) -> Result<Claims<'a>, PayloadFault> {
    let mut reader = Reader::new(payload, MAX_DEPTH, names)?;
    let mut draft = Draft::default();
    let mut object = reader.open_object()?;
    while let Some(claim) = reader.next_known(&mut object, &mut layouts.claims, Claim::of)? {
        if matches!(claim, Claim::Location) {
            location(&mut reader, payload, &mut draft, layouts)?;
        } else {
            read(&mut reader, claim, &mut draft)?;
        }
    }
    reader.finish()?;
    draft.finish()
}

/// Reads the next value if it is of this kind; steps over any other.
fn text<'a>(reader: &mut Reader<'a, '_>) -> Result<(Option<Cow<'a, str>>, &'static str), Fault> {
    match reader.peek()? {
        Kind::Text => Ok((Some(reader.text()?.unescape()), "another text")),
        other => reader.skip().map(|()| (None, other.name())),
    }
}

fn number(reader: &mut Reader<'_, '_>) -> Result<(Option<i64>, &'static str), Fault> {
    match reader.peek()? {
        Kind::Number => Ok((integer(reader.number()?), "another number")),
        other => reader.skip().map(|()| (None, other.name())),
    }
}

/// The bytes of a base64url text without padding, if there are at most `N`.
fn bytes_of<const N: usize>(text: &str) -> Option<([u8; N], usize)> {
    let mut bytes = [0; N];
    let length = base64url::decode(text.as_bytes(), &mut bytes)?.len();
    Some((bytes, length))
}

fn read<'a>(reader: &mut Reader<'a, '_>, claim: Claim, draft: &mut Draft<'a>) -> Result<(), Fault> {
    let start = reader.offset();
    match claim {
        Claim::Nonce => {
            let (text, found) = text(reader)?;
            let nonce = text.and_then(|text| bytes_of::<32>(&text)).filter(|(_, length)| *length == 32);
            draft.nonce = draft.keep(nonce.map(|(bytes, _)| bytes), start, NONCE, found);
        }
        Claim::Ueid => {
            let (text, found) = text(reader)?;
            let bytes = text.and_then(|text| bytes_of::<MAX_UEID>(&text));
            let ueid = bytes.and_then(|(bytes, length)| Ueid::new(bytes.get(..length)?));
            draft.ueid = draft.keep(ueid, start, UEID, found);
        }
        Claim::Iat => {
            let (value, found) = number(reader)?;
            draft.iat = draft.keep(value.and_then(count), start, IAT, found);
        }
        Claim::Profile => {
            let (text, found) = text(reader)?;
            draft.is_profile_known = draft.keep(text.map(|text| text == PROFILE), start, EAT_PROFILE, found);
        }
        Claim::Uptime => {
            let (value, found) = number(reader)?;
            draft.uptime = draft.keep(value.and_then(count), start, UPTIME, found);
        }
        Claim::Bootcount => {
            let (value, found) = number(reader)?;
            draft.bootcount = draft.keep(value.and_then(count), start, BOOTCOUNT, found);
        }
        Claim::Swname => {
            let (text, found) = text(reader)?;
            draft.swname = draft.keep(text, start, SWNAME, found);
        }
        Claim::Hwmodel | Claim::Oemid => {
            let (text, found) = text(reader)?;
            let bytes = text.and_then(|text| {
                let mut bytes = vec![0; base64url::decoded_length(text.len())?];
                base64url::decode(text.as_bytes(), &mut bytes)?;
                Some(Cow::Owned(bytes))
            });
            if matches!(claim, Claim::Hwmodel) {
                draft.hwmodel = draft.keep(bytes, start, HWMODEL, found);
            } else {
                draft.oemid = draft.keep(bytes, start, OEMID, found);
            }
        }
        Claim::Swversion => version(reader, draft)?,
        Claim::Metrics => metrics(reader, draft)?,
        Claim::Location | Claim::Other => reader.skip()?,
    }
    Ok(())
}

/// The number of a location's part.
fn part(name: &str) -> u64 {
    match name {
        "latitude" => 1,
        "longitude" => 2,
        "altitude" => 3,
        "accuracy" => 4,
        _ => 0,
    }
}

fn location<'a>(
    reader: &mut Reader<'a, '_>,
    payload: &'a [u8],
    draft: &mut Draft<'a>,
    layouts: &mut Layouts,
) -> Result<(), Fault> {
    let offset = reader.offset();
    let kind = reader.peek()?;
    if let Some(location) = layouts.last.find(|bytes| reader.skip_known(bytes)) {
        draft.location = Some(location);
        return Ok(());
    }
    let start = reader.offset();
    if kind != Kind::Object {
        draft.refuse(Fault::named(offset, LOCATION, kind.name()));
        return reader.skip();
    }
    let mut place = Place::default();
    let mut object = reader.open_object()?;
    while let Some(part) = reader.next_known(&mut object, &mut layouts.location, part)? {
        let exact = if reader.peek()? == Kind::Number {
            Exact::decimal(reader.number()?)
        } else {
            reader.skip()?;
            None
        };
        place.set(part, exact);
    }
    let bytes = payload.get(start..reader.offset()).unwrap_or_default();
    draft.locate(place.finish(offset), bytes, &mut layouts.last);
    Ok(())
}

fn version<'a>(reader: &mut Reader<'a, '_>, draft: &mut Draft<'a>) -> Result<(), Fault> {
    let offset = reader.offset();
    let kind = reader.peek()?;
    if kind != Kind::Array {
        draft.refuse(Fault::named(offset, SWVERSION, kind.name()));
        return reader.skip();
    }
    let mut array = reader.open_array()?;
    let mut length = 0;
    let mut version = None;
    while reader.next_element(&mut array)? {
        length += 1;
        if length == 1 {
            version = text(reader)?.0;
        } else {
            reader.skip()?;
        }
    }
    let version = version.filter(|_| length <= 2);
    draft.swversion = draft.keep(version, offset, SWVERSION, "another array");
    Ok(())
}

fn metrics<'a>(reader: &mut Reader<'a, '_>, draft: &mut Draft<'a>) -> Result<(), Fault> {
    let offset = reader.offset();
    let kind = reader.peek()?;
    if kind != Kind::Object {
        draft.refuse(Fault::named(offset, METRICS, kind.name()));
        return reader.skip();
    }
    let mut object = reader.open_object()?;
    while let Some(name) = reader.next_name(&mut object)? {
        let offset = reader.offset();
        let (value, found) = number(reader)?;
        if let Some(value) = draft.keep(value, offset, METRICS, found) {
            draft.metrics.push((name.unescape(), value));
        }
    }
    Ok(())
}
