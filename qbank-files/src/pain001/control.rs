//! Control totals: how many payments, and their sum.

use qbank_proto::{AmountError, Money};

use crate::error::RowError;

/// What a header states, and on which line.
#[derive(Debug, Clone, Default)]
pub(super) struct Control {
    /// Also one that cannot be read.
    has_count: bool,
    count: Option<(u64, u64)>,
    sum: Option<(Stated, u64)>,
}

/// A sum may have more decimals than cents.
#[derive(Debug, Clone, Copy)]
enum Stated {
    Cents(Money),
    /// No sum of whole cents.
    Finer,
}

/// What the payments are.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counted {
    pub(super) count: u64,
    sum: Money,
    /// An amount could not be read, or the sum is too large: nothing to compare.
    damaged: bool,
}

impl Counted {
    pub(super) fn add(&mut self, money: Option<Money>) {
        self.count += 1;
        match money.and_then(|money| self.sum.checked_add(money)) {
            Some(sum) => self.sum = sum,
            None => self.damaged = true,
        }
    }
}

impl Control {
    pub(super) const fn has_count(&self) -> bool {
        self.has_count
    }

    /// Takes an element of the header, if it is one of the two.
    pub(super) fn close(
        &mut self,
        parent: &str,
        name: &str,
        text: &str,
        line: u64,
        errors: &mut impl Extend<RowError>,
    ) {
        let mut wrong = |message: &str| {
            errors.extend([RowError::new(line, format!("{parent}/{name}"), message)]);
        };
        match name {
            "NbOfTxs" if self.has_count => wrong("is given twice"),
            "CtrlSum" if self.sum.is_some() => wrong("is given twice"),
            "NbOfTxs" => {
                self.has_count = true;
                let digits = (1..=15).contains(&text.len())
                    && text.bytes().all(|byte| byte.is_ascii_digit());
                match text.parse() {
                    Ok(count) if digits => self.count = Some((count, line)),
                    _ => wrong("must be a number of payments in digits"),
                }
            }
            "CtrlSum" => match text.parse() {
                Ok(sum) => self.sum = Some((Stated::Cents(sum), line)),
                Err(AmountError::TooPrecise) => self.sum = Some((Stated::Finer, line)),
                Err(error) => wrong(&error.to_string()),
            },
            _ => {}
        }
    }

    /// Compares exactly.
    pub(super) fn compare(
        &self,
        parent: &str,
        counted: Counted,
        errors: &mut impl Extend<RowError>,
    ) {
        if let Some((stated, line)) = self.count
            && stated != counted.count
        {
            let message = format!("is {stated}, and there are {} payments", counted.count);
            errors.extend([RowError::new(line, format!("{parent}/NbOfTxs"), message)]);
        }
        let Some((stated, line)) = self.sum.filter(|_| !counted.damaged) else { return };
        let message = match stated {
            Stated::Cents(sum) if sum == counted.sum => return,
            Stated::Cents(sum) => format!("is {sum}, and the payments add up to {}", counted.sum),
            Stated::Finer => {
                format!("has fractions of a cent, and the payments add up to {}", counted.sum)
            }
        };
        errors.extend([RowError::new(line, format!("{parent}/CtrlSum"), message)]);
    }
}
