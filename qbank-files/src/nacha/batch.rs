//! A batch: its header, and what is refused with it.

use chrono::NaiveDate;

use crate::error::RowError;

use super::record::Record;
use super::totals::{Totals, expect};

/// A batch that is being read.
pub(super) struct Batch {
    service_class: String,
    company: String,
    odfi: String,
    number: String,
    pub(super) effective_date: Result<Option<NaiveDate>, String>,
    /// Its entries are only counted: what kind of batch it is was refused.
    pub(super) refused: bool,
    pub(super) totals: Totals,
    last_trace: Option<u64>,
}

impl Batch {
    pub(super) fn begin(
        header: &Record,
        before: Option<u64>,
        errors: &mut impl Extend<RowError>,
    ) -> Self {
        let mut refuse = |name: &str, message: &str| {
            errors.extend([RowError::new(header.line, name, message)]);
        };
        let mut refused = false;
        if let Some(message) = refused_class(header.field(51, 53)) {
            refuse("Standard Entry Class Code", message);
            refused = true;
        }
        match header.field(2, 4) {
            "200" | "220" => {}
            "225" => refuse("Service Class Code", "225 is a batch of debits: a run only pays"),
            _ => refuse("Service Class Code", "must be 220 (credits) or 200 (mixed)"),
        }
        match header.number(88, 94) {
            Some(number) if before.is_some_and(|before| number <= before) => {
                refuse("Batch Number", "must be larger than that of the batch before");
            }
            Some(_) => {}
            None => refuse("Batch Number", "must be digits"),
        }
        if header.number(80, 87).is_none() {
            refuse("Originating DFI Identification", "must be digits");
        }
        Self {
            service_class: header.field(2, 4).to_owned(),
            company: header.field(41, 50).to_owned(),
            odfi: header.field(80, 87).to_owned(),
            number: header.field(88, 94).to_owned(),
            effective_date: day(header.field(70, 75)),
            refused,
            totals: Totals::default(),
            last_trace: None,
        }
    }

    pub(super) fn number(&self) -> Option<u64> {
        self.number.parse().ok()
    }

    /// Trace numbers begin with the bank that sends the file, and ascend.
    pub(super) fn trace(&mut self, entry: &Record) -> Result<(), String> {
        let Some(trace) = entry.number(80, 94) else {
            return Err("must be digits".to_owned());
        };
        let before = self.last_trace.replace(trace);
        if entry.field(80, 87) != self.odfi {
            return Err("must begin with the batch's Originating DFI Identification".to_owned());
        }
        if before.is_some_and(|before| trace <= before) {
            return Err("must be larger than that of the entry before".to_owned());
        }
        Ok(())
    }

    /// Compares the batch's control record with its header and its entries.
    pub(super) fn end(&self, control: &Record, errors: &mut Vec<RowError>) {
        for (name, is, was) in [
            ("Service Class Code", control.field(2, 4), &self.service_class),
            ("Company Identification", control.field(45, 54), &self.company),
            ("Originating DFI Identification", control.field(80, 87), &self.odfi),
            ("Batch Number", control.field(88, 94), &self.number),
        ] {
            if is != was {
                let message = "is not that of the batch's header";
                errors.push(RowError::new(control.line, name, message));
            }
        }
        self.totals.compare(control, [(5, 10), (11, 20), (21, 32), (33, 44)], errors);
    }
}

/// Compares the file's control record with its batches.
pub(super) fn end_of_file(
    control: &Record,
    batches: u64,
    totals: &Totals,
    errors: &mut Vec<RowError>,
) {
    expect(control, "Batch Count", (2, 7), batches, &|number| number.to_string(), errors);
    totals.compare(control, [(14, 21), (22, 31), (32, 43), (44, 55)], errors);
}

/// Why a batch of this class is no payment by credits to companies or people.
fn refused_class(class: &str) -> Option<&'static str> {
    Some(match class {
        "PPD" | "CCD" => return None,
        "IAT" => "IAT is an international payment, which the bank's API does not make",
        "CTX" => "CTX has remittance records, which the bank's API cannot send: PPD or CCD is read",
        "COR" => "COR is a notification of change, and no payment",
        "RCK" | "ARC" | "BOC" | "POP" | "XCK" | "TRC" | "TRX" => {
            "this class collects checks, and pays nobody: PPD or CCD is read"
        }
        "TEL" | "WEB" | "POS" | "SHR" | "MTE" => {
            "this class is of debits or of consumers' own payments: PPD or CCD is read"
        }
        _ => "must be PPD or CCD",
    })
}

/// Year, month and day, two digits each; blank is none.
fn day(text: &str) -> Result<Option<NaiveDate>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let part = |at: usize| -> Option<u32> {
        let digits = text.get(at..at + 2)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let day = || {
        let year = i32::try_from(part(0)?).ok()?;
        NaiveDate::from_ymd_opt(2000 + year, part(2)?, part(4)?)
    };
    day().map(Some).ok_or_else(|| "must be a day of the calendar as YYMMDD, or blank".to_owned())
}
