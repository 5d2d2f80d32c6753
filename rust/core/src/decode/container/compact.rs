//! Thrift's compact protocol, as far as one must read it to trust a Parquet file's sizes.
//!
//! In: bytes of a struct. Out: its fields one by one, skipping what is not asked for. Rule: the compact protocol of Apache
//! Thrift. Invariant: no allocation; time linear in the input; a list is walked element by element, so a length that the
//! bytes do not bear is a fault.

/// What is wrong with a struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// It goes on where the bytes end.
    End,
    /// It is not of the protocol.
    Form,
}

type Read<T> = Result<T, Broken>;

const STOP: u8 = 0;
const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
const STRUCT: u8 = 12;
const UUID: u8 = 13;

const MAX_DEPTH: usize = 16;

/// Reads a struct from the front of some bytes.
#[derive(Clone, Copy)]
pub(super) struct Compact<'a> {
    rest: &'a [u8],
}

/// One field of a struct.
#[derive(Clone, Copy)]
pub(super) struct Field {
    pub(super) id: i16,
    kind: u8,
}

impl<'a> Compact<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Bytes not read yet.
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    fn take(&mut self, count: usize) -> Read<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Broken::End)?;
        self.rest = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Read<u8> {
        self.take(1).map(|byte| byte[0])
    }

    fn varint(&mut self) -> Read<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Broken::Form)
    }

    fn zigzag(&mut self) -> Read<i64> {
        let value = self.varint()?;
        Ok((value >> 1).cast_signed() ^ -((value & 1).cast_signed()))
    }

    /// The next field, or the end of the struct. `last` is the id of the field before.
    pub(super) fn field(&mut self, last: &mut i16) -> Read<Option<Field>> {
        let head = self.byte()?;
        let kind = head & 15;
        if kind == STOP {
            return Ok(None);
        }
        let delta = i16::from(head >> 4);
        let id = if delta == 0 {
            i16::try_from(self.zigzag()?).map_err(|_| Broken::Form)?
        } else {
            last.checked_add(delta).ok_or(Broken::Form)?
        };
        *last = id;
        Ok(Some(Field { id, kind }))
    }

    /// The value of an integer field.
    pub(super) fn integer(&mut self, field: Field) -> Read<i64> {
        match field.kind {
            BYTE => self.byte().map(|byte| i64::from(byte.cast_signed())),
            4..=I64 => self.zigzag(),
            _ => Err(Broken::Form),
        }
    }

    /// The value of a boolean field.
    pub(super) fn boolean(field: Field) -> Read<bool> {
        match field.kind {
            TRUE => Ok(true),
            FALSE => Ok(false),
            _ => Err(Broken::Form),
        }
    }

    /// Enters a field that is a struct.
    pub(super) fn open_struct(field: Field) -> Read<()> {
        if field.kind == STRUCT { Ok(()) } else { Err(Broken::Form) }
    }

    /// Enters a field that is a list of structs and gives their number.
    pub(super) fn open_structs(&mut self, field: Field) -> Read<u64> {
        if field.kind != LIST {
            return Err(Broken::Form);
        }
        match self.list()? {
            (0, _) => Ok(0),
            (count, STRUCT) => Ok(count),
            _ => Err(Broken::Form),
        }
    }

    fn list(&mut self) -> Read<(u64, u8)> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.varint()?,
            short => u64::from(short),
        };
        // Every element takes a byte at least.
        if count > self.rest.len() as u64 {
            return Err(Broken::End);
        }
        Ok((count, head & 15))
    }

    /// Steps over the value of a field.
    pub(super) fn skip(&mut self, field: Field) -> Read<()> {
        if matches!(field.kind, TRUE | FALSE) {
            return Ok(());
        }
        self.skip_value(field.kind, MAX_DEPTH)
    }

    /// Steps over a struct.
    pub(super) fn skip_struct(&mut self) -> Read<()> {
        self.skip_value(STRUCT, MAX_DEPTH)
    }

    fn skip_value(&mut self, kind: u8, depth: usize) -> Read<()> {
        let depth = depth.checked_sub(1).ok_or(Broken::Form)?;
        match kind {
            TRUE | FALSE | BYTE => self.byte().map(drop),
            4..=I64 => self.varint().map(drop),
            DOUBLE => self.take(8).map(drop),
            BINARY => {
                let length = usize::try_from(self.varint()?).map_err(|_| Broken::End)?;
                self.take(length).map(drop)
            }
            LIST | SET => {
                let (count, kind) = self.list()?;
                (0..count).try_for_each(|_| self.skip_value(kind, depth))
            }
            MAP => {
                let count = self.varint()?;
                if count == 0 {
                    return Ok(());
                }
                let kinds = self.byte()?;
                for _ in 0..count {
                    self.skip_value(kinds >> 4, depth)?;
                    self.skip_value(kinds & 15, depth)?;
                }
                Ok(())
            }
            STRUCT => {
                let mut last = 0;
                while let Some(field) = self.field(&mut last)? {
                    if !matches!(field.kind, TRUE | FALSE) {
                        self.skip_value(field.kind, depth)?;
                    }
                }
                Ok(())
            }
            UUID => self.take(16).map(drop),
            _ => Err(Broken::Form),
        }
    }
}
