//! Rows of Arrow columns as records.
//!
//! In: a record batch with the members of a record as columns, any of them absent. Out: records. Rule: this project's own
//! format, described at [`Members`].
//! Invariant: a column of another type is a bad call; a null is an absent member.

use std::borrow::Cow;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, UInt64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::DataType;
use ruint::aliases::U256;

use super::{Members, wide_digits};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Byte strings.
    Bytes,
    /// Whole numbers.
    Number,
    /// Whole numbers, or texts of their digits.
    Integer,
    /// Texts.
    Text,
    /// Truth values.
    Flag,
    /// Lists of byte strings.
    AllBytes,
    /// Lists of whole numbers.
    AllNumbers,
    /// Lists of texts.
    AllTexts,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Number => "integers of 64 bits",
            Self::Integer => "integers of 64 bits or texts of digits",
            Self::Text => "text",
            Self::Flag => "booleans",
            Self::AllBytes => "lists of bytes",
            Self::AllNumbers => "lists of integers of 64 bits",
            Self::AllTexts => "lists of text",
        }
    }

    fn holds(self, kind: &DataType) -> bool {
        use DataType as D;
        let items = |of: Self| match kind {
            D::List(field) | D::LargeList(field) => of.holds(field.data_type()),
            _ => false,
        };
        *kind == D::Null
            || match self {
                Self::Bytes => {
                    matches!(kind, D::Binary | D::LargeBinary | D::BinaryView | D::FixedSizeBinary(_))
                }
                Self::Number => matches!(kind, D::UInt64 | D::Int64),
                Self::Integer => Self::Number.holds(kind) || Self::Text.holds(kind),
                Self::Text => matches!(kind, D::Utf8 | D::LargeUtf8 | D::Utf8View),
                Self::Flag => *kind == D::Boolean,
                Self::AllBytes => items(Self::Bytes),
                Self::AllNumbers => items(Self::Number),
                Self::AllTexts => items(Self::Text),
            }
    }
}

/// A column that no record has: of another type, or there twice.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column:?}: expected {expected}, found {found}")]
pub struct ColumnError {
    /// The column's name.
    pub column: String,
    /// What was expected.
    pub expected: &'static str,
    /// The type that was found, or how many columns.
    pub found: String,
}

/// A batch whose columns have been looked at.
pub struct Columns<'a>(&'a RecordBatch);

impl<'a> Columns<'a> {
    /// Checks the columns that a record has, of which there may be one of each name; others are ignored.
    pub fn new(batch: &'a RecordBatch, members: &[(Kind, &[&str])]) -> Result<Self, ColumnError> {
        for (kind, names) in members {
            for name in *names {
                let count = batch.schema_ref().fields().iter().filter(|field| field.name() == name).count();
                if count > 1 {
                    return Err(ColumnError {
                        column: (*name).to_owned(),
                        expected: "one column of this name",
                        found: count.to_string(),
                    });
                }
                let Some(column) = batch.column_by_name(name) else { continue };
                if !kind.holds(column.data_type()) {
                    return Err(ColumnError {
                        column: (*name).to_owned(),
                        expected: kind.name(),
                        found: column.data_type().to_string(),
                    });
                }
            }
        }
        Ok(Self(batch))
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.0.num_rows()
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One record's members.
    pub const fn row(&self, row: usize) -> Row<'a> {
        Row { batch: self.0, row }
    }
}

/// One row of a batch.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    batch: &'a RecordBatch,
    row: usize,
}

impl<'a> Row<'a> {
    fn column(self, name: &str) -> Option<&'a ArrayRef> {
        self.batch
            .column_by_name(name)
            .filter(|column| *column.data_type() != DataType::Null && column.is_valid(self.row))
    }

    /// The items of a list, each read by `read` from its place.
    fn each<T>(
        self,
        name: &'static str,
        read: impl Fn(&ArrayRef, usize) -> Result<T, String>,
    ) -> Result<Option<Vec<T>>, String> {
        let Some(column) = self.column(name) else { return Ok(None) };
        let items = match column.data_type() {
            DataType::List(_) => column.as_list::<i32>().value(self.row),
            _ => column.as_list::<i64>().value(self.row),
        };
        (0..items.len()).map(|place| read(&items, place)).collect::<Result<_, _>>().map(Some)
    }
}

fn bytes_at(column: &ArrayRef, row: usize) -> &[u8] {
    match column.data_type() {
        DataType::Binary => column.as_binary::<i32>().value(row),
        DataType::LargeBinary => column.as_binary::<i64>().value(row),
        DataType::BinaryView => column.as_binary_view().value(row),
        _ => column.as_fixed_size_binary().value(row),
    }
}

fn text_at(column: &ArrayRef, row: usize) -> &str {
    match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value(row),
        DataType::LargeUtf8 => column.as_string::<i64>().value(row),
        _ => column.as_string_view().value(row),
    }
}

fn number_at(name: &str, column: &ArrayRef, row: usize) -> Result<u64, String> {
    if *column.data_type() == DataType::UInt64 {
        return Ok(column.as_primitive::<UInt64Type>().value(row));
    }
    let value = column.as_primitive::<Int64Type>().value(row);
    u64::try_from(value).map_err(|_| format!("{name}: expected 0 or more, found {value}"))
}

fn present(name: &str, column: &ArrayRef, row: usize) -> Result<(), String> {
    let is_there = *column.data_type() != DataType::Null && column.is_valid(row);
    is_there.then_some(()).ok_or_else(|| format!("{name}, item {row}: expected a value, found null"))
}

impl<'a> Members<'a> for Row<'a> {
    fn bytes(&self, name: &'static str) -> Result<Option<Cow<'a, [u8]>>, String> {
        Ok(self.column(name).map(|column| Cow::Borrowed(bytes_at(column, self.row))))
    }

    fn number(&self, name: &'static str) -> Result<Option<u64>, String> {
        self.column(name).map(|column| number_at(name, column, self.row)).transpose()
    }

    fn integer(&self, name: &'static str) -> Result<Option<U256>, String> {
        let Some(column) = self.column(name) else { return Ok(None) };
        if Kind::Number.holds(column.data_type()) {
            return number_at(name, column, self.row).map(|number| Some(U256::from(number)));
        }
        wide_digits(name, text_at(column, self.row)).map(Some)
    }

    fn text(&self, name: &'static str) -> Result<Option<Cow<'a, str>>, String> {
        Ok(self.column(name).map(|column| Cow::Borrowed(text_at(column, self.row))))
    }

    fn flag(&self, name: &'static str) -> Result<Option<bool>, String> {
        Ok(self.column(name).map(|column| column.as_boolean().value(self.row)))
    }

    fn all_bytes(&self, name: &'static str) -> Result<Option<Vec<Vec<u8>>>, String> {
        self.each(name, |items, place| present(name, items, place).map(|()| bytes_at(items, place).to_vec()))
    }

    fn all_numbers(&self, name: &'static str) -> Result<Option<Vec<u64>>, String> {
        self.each(name, |items, place| {
            present(name, items, place).and_then(|()| number_at(name, items, place))
        })
    }

    fn all_texts(&self, name: &'static str) -> Result<Option<Vec<Option<String>>>, String> {
        self.each(name, |items, place| {
            Ok(present(name, items, place).ok().map(|()| text_at(items, place).to_owned()))
        })
    }
}
