//! Which format a file has, by how it begins.

use std::fmt;
use std::str::FromStr;

use crate::csv::known;
use crate::error::RowError;

/// A format of payment files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// CSV with a header.
    Csv,
    /// NACHA, 94 columns.
    Nacha,
    /// ISO 20022 pain.001.
    Pain001,
}

pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl Format {
    /// How much of a file tells.
    pub const TELLING_BYTES: usize = 4096;

    /// Tells the format by the first bytes of a file, [`Format::TELLING_BYTES`] of them where
    /// there are so many. An error says what was found and what was expected.
    ///
    /// ```
    /// use qbank_files::Format;
    /// assert_eq!(Format::detect(b"payment_id,amount\n"), Ok(Format::Csv));
    /// let error = Format::detect(b"PK\x03\x04").unwrap_err();
    /// assert!(error.message.contains("Excel workbook"));
    /// ```
    pub fn detect(start: &[u8]) -> Result<Self, RowError> {
        let start = start.strip_prefix(BYTE_ORDER_MARK).unwrap_or(start);
        if let Some(found) = foreign(start) {
            return Err(unknown(found));
        }
        let text = String::from_utf8_lossy(start);
        let trimmed = text.trim_start();
        if trimmed.starts_with('<') {
            return if trimmed.contains("pain.001") || trimmed.contains("CstmrCdtTrfInitn") {
                Ok(Self::Pain001)
            } else if trimmed.to_ascii_lowercase().contains("<html") {
                Err(unknown("a web page"))
            } else if trimmed.contains("<!DOCTYPE") {
                // Read far enough to refuse the DTD by its line.
                Ok(Self::Pain001)
            } else {
                Err(unknown("XML of another kind"))
            };
        }
        let first = text.lines().next().unwrap_or_default();
        if is_file_header(first) {
            return Ok(Self::Nacha);
        }
        let header = text.lines().find(|line| !line.is_empty()).unwrap_or_default();
        if header.split([',', ';', '\t']).any(|name| known(name.trim_matches('"')).is_some()) {
            return Ok(Self::Csv);
        }
        Err(unknown(match trimmed.bytes().next() {
            None => "an empty file",
            Some(b'{' | b'[') => "JSON",
            _ if header.to_lowercase().starts_with("sep=") => {
                "Excel's line that names the separator, which is to be taken away"
            }
            _ if header.contains([',', ';']) => "text without a header that names the columns",
            _ => "text of another kind",
        }))
    }

    /// Its name as an option of the program.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Nacha => "nacha",
            Self::Pain001 => "pain001",
        }
    }
}

/// `1`, the priority code `01`, and at its place the record size; or enough of it that what is
/// wrong can be told by the reader of such files.
fn is_file_header(line: &str) -> bool {
    let bytes = line.as_bytes();
    let marked = bytes.get(34..40) == Some(b"094101");
    let near = line.starts_with("101") && bytes.len() > 80 && !line.contains([',', ';']);
    line.starts_with('1') && (marked || near)
}

/// What the first bytes of other files are.
fn foreign(start: &[u8]) -> Option<&'static str> {
    Some(match start {
        [b'P', b'K', 3, 4, ..] => {
            "an Excel workbook or another zip: save the sheet as \"CSV UTF-8\""
        }
        [0xd0, 0xcf, 0x11, 0xe0, ..] => "an old Excel workbook: save the sheet as \"CSV UTF-8\"",
        [b'%', b'P', b'D', b'F', ..] => "a PDF",
        [0x1f, 0x8b, ..] => "a file packed by gzip: unpack it first",
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [b'<', 0, ..] | [0, b'<', ..] => {
            "text in UTF-16: save it as UTF-8"
        }
        _ if start.contains(&0) => "binary data",
        _ => return None,
    })
}

fn unknown(found: &str) -> RowError {
    RowError::of_file(format!(
        "this is no payment file: found {found}; expected a CSV whose first line names columns \
         such as payment_id and amount, a NACHA file whose first record begins with 101 and has 94 \
         columns, or XML of ISO 20022 pain.001"
    ))
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        let all = [Self::Csv, Self::Nacha, Self::Pain001];
        all.into_iter().find(|format| format.as_str() == text).ok_or(UnknownFormat)
    }
}

/// A format that there is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownFormat;

impl fmt::Display for UnknownFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be csv, nacha or pain001")
    }
}

impl std::error::Error for UnknownFormat {}
