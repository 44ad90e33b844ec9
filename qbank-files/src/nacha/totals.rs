//! What control records say of the entries before them.

use crate::error::RowError;

use super::record::Record;

/// What was counted over entries and addenda.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Totals {
    /// Entries and addenda.
    pub(super) entries: u64,
    hash: u64,
    debit: u64,
    credit: u64,
    /// An entry could not be read, so nothing can be compared.
    pub(super) damaged: bool,
}

/// The hash has ten digits; what is more is dropped.
const HASH_MODULUS: u64 = 10_000_000_000;

impl Totals {
    pub(super) fn entry(&mut self, bank: Option<u64>, cents: Option<u64>, is_debit: bool) {
        self.entries += 1;
        let (Some(bank), Some(cents)) = (bank, cents) else {
            self.damaged = true;
            return;
        };
        self.hash = (self.hash + bank) % HASH_MODULUS;
        let total = if is_debit { &mut self.debit } else { &mut self.credit };
        *total = total.saturating_add(cents);
    }

    pub(super) fn add(&mut self, other: Self) {
        self.entries += other.entries;
        self.hash = (self.hash + other.hash) % HASH_MODULUS;
        self.debit = self.debit.saturating_add(other.debit);
        self.credit = self.credit.saturating_add(other.credit);
        self.damaged |= other.damaged;
    }

    /// Compares the fields of a control record, each by its columns.
    pub(super) fn compare(
        &self,
        control: &Record,
        [entries, hash, debit, credit]: [(usize, usize); 4],
        errors: &mut impl Extend<RowError>,
    ) {
        if self.damaged {
            return;
        }
        let money = |cents: u64| format!("{}.{:02}", cents / 100, cents % 100);
        let plain = |number: u64| number.to_string();
        let hash_of = |number: u64| format!("{number:010}");
        expect(control, "Entry/Addenda Count", entries, self.entries, &plain, errors);
        expect(control, "Entry Hash", hash, self.hash, &hash_of, errors);
        let name = "Total Debit Entry Dollar Amount";
        expect(control, name, debit, self.debit, &money, errors);
        let name = "Total Credit Entry Dollar Amount";
        expect(control, name, credit, self.credit, &money, errors);
    }
}

/// Compares a number of a control record with what was counted.
pub(super) fn expect(
    control: &Record,
    name: &str,
    (first, last): (usize, usize),
    counted: u64,
    written: &dyn Fn(u64) -> String,
    errors: &mut impl Extend<RowError>,
) {
    let message = match control.number(first, last) {
        None => "must be digits".to_owned(),
        Some(stated) if stated == counted => return,
        Some(stated) => {
            format!("is {}, and the records before it have {}", written(stated), written(counted))
        }
    };
    errors.extend([RowError::new(control.line, name, message)]);
}
