//! The header of a CSV: which column is where.

use csv::StringRecord;

use crate::draft::Field;
use crate::error::RowError;

/// The columns that are read, by the names of runs.
const KNOWN: [(&str, Field); 10] = [
    ("payment_id", Field::PaymentId),
    ("type", Field::Kind),
    ("source_account_id", Field::Source),
    ("destination_account_id", Field::Destination),
    ("recipient_name", Field::RecipientName),
    ("bank_id", Field::BankId),
    ("account_number", Field::AccountNumber),
    ("amount", Field::Amount),
    ("effective_date", Field::EffectiveDate),
    ("reference", Field::Reference),
];

/// The columns of a CSV, in the order of its header.
#[derive(Debug)]
pub(crate) struct Columns {
    names: StringRecord,
    /// What each column is; `None` of one that is not known.
    fields: Vec<Option<Field>>,
    delimiter: u8,
}

/// The names of all columns that a CSV may have and that are read.
pub fn known_columns() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().map(|(name, _)| *name)
}

pub(crate) fn standard_name(field: Field) -> &'static str {
    KNOWN.iter().find(|(_, it)| *it == field).map_or("", |(name, _)| *name)
}

/// Which column a header's cell names: upper case, blanks and hyphens do not make it another.
pub(crate) fn known(name: &str) -> Option<Field> {
    let name = plain(name);
    KNOWN.iter().find(|(known, _)| *known == name).map(|(_, field)| *field)
}

fn plain(name: &str) -> String {
    name.trim().to_lowercase().replace([' ', '-'], "_")
}

impl Columns {
    /// Reads the header, or says all that is wrong with it.
    pub(super) fn read(
        names: StringRecord,
        delimiter: u8,
        line: u64,
        has_from: bool,
    ) -> Result<Self, Vec<RowError>> {
        let fields: Vec<Option<Field>> = names.iter().map(known).collect();
        let columns = Self { names, fields, delimiter };
        let mut errors = Vec::new();
        for (at, (name, field)) in columns.names.iter().zip(&columns.fields).enumerate() {
            let before = columns.fields.get(..at).unwrap_or_default();
            if field.is_some() && before.contains(field) {
                errors.push(RowError::new(line, name, "stands twice in the header"));
            }
            if field.is_none()
                && let Some(meant) = columns.likely(name)
            {
                let message = format!("is not known, and may be a typo of {meant}: rename it");
                errors.push(RowError::new(line, name, message));
            }
        }
        let mut need = |field: Field, why: &str| {
            if !columns.has(field) {
                let name = standard_name(field);
                errors.push(RowError::new(line, name, format!("is missing in the header: {why}")));
            }
        };
        need(Field::PaymentId, "each payment needs an id of its own");
        need(Field::Amount, "each payment needs an amount");
        if !has_from {
            need(Field::Source, "add it, or name the account that pays with --from");
        }
        if !columns.has(Field::Destination) {
            let why = "a payment needs destination_account_id, or recipient_name, bank_id and \
                       account_number";
            for field in [Field::RecipientName, Field::BankId, Field::AccountNumber] {
                need(field, why);
            }
        }
        if errors.is_empty() { Ok(columns) } else { Err(errors) }
    }

    fn has(&self, field: Field) -> bool {
        self.fields.contains(&Some(field))
    }

    /// The column that one of a slightly different name was perhaps meant to be, where the header
    /// has no such column: ignored, a typo in `effective_date` would pay at once.
    fn likely(&self, name: &str) -> Option<&'static str> {
        let name = plain(name);
        let missing = KNOWN.iter().filter(|(_, field)| !self.has(*field));
        missing.map(|(known, _)| *known).find(|known| known.len() > 5 && is_typo(&name, known))
    }

    pub(crate) const fn delimiter(&self) -> u8 {
        self.delimiter
    }

    pub(crate) const fn names(&self) -> &StringRecord {
        &self.names
    }

    /// The name of a column as the header has it, or the one it would have.
    pub(crate) fn name(&self, field: Field) -> String {
        let at = self.position(field);
        at.and_then(|at| self.names.get(at)).unwrap_or(standard_name(field)).to_owned()
    }

    /// Where a column is.
    pub(crate) fn position(&self, field: Field) -> Option<usize> {
        self.fields.iter().position(|it| *it == Some(field))
    }

    /// What the last column is.
    pub(super) fn last(&self) -> Option<Field> {
        self.fields.last().copied().flatten()
    }

    /// A row's cell of a column; an empty text where there is no such column.
    pub(super) fn cell<'a>(&self, cells: &'a StringRecord, field: Field) -> &'a str {
        let at = self.position(field);
        at.and_then(|at| cells.get(at)).unwrap_or_default()
    }

    /// A row's cells of columns that are not known, each after its column's name.
    pub(crate) fn further<'a>(
        &'a self,
        cells: &'a StringRecord,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        let all = self.fields.iter().zip(self.names.iter().zip(cells));
        all.filter(|(field, _)| field.is_none()).map(|(_, cell)| cell)
    }
}

/// One character too many, too few or another, or two swapped.
fn is_typo(text: &str, of: &str) -> bool {
    let (text, of): (Vec<char>, Vec<char>) = (text.chars().collect(), of.chars().collect());
    let start = text.iter().zip(&of).take_while(|(a, b)| a == b).count();
    let (text, of) = (text.get(start..).unwrap_or_default(), of.get(start..).unwrap_or_default());
    match (text, of) {
        ([_, rest @ ..], of) if rest == of => true,
        (text, [_, rest @ ..]) if text == rest => true,
        ([a, b, rest @ ..], [c, d, other @ ..]) if rest == other && a == d && b == c => true,
        ([_, rest @ ..], [_, other @ ..]) => rest == other,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_is_one_character_away() {
        for text in [
            "efective_date",
            "effectivedate",
            "effective_dates",
            "effectvie_date",
            "effective-date",
        ] {
            assert!(is_typo(text, "effective_date"), "{text}");
        }
        for text in ["effective_date", "", "effective", "effective_days", "date"] {
            assert!(!is_typo(text, "effective_date"), "{text}");
        }
    }

    #[test]
    fn a_column_is_known_in_any_case() {
        assert_eq!(known(" Payment ID "), Some(Field::PaymentId));
        assert_eq!(known("bank-id"), Some(Field::BankId));
        assert_eq!(known("bank"), None);
        assert_eq!(known_columns().count(), 10);
    }
}
