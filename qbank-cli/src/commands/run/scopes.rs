//! What the bank has to allow for a run.

use qbank_outbox::{Kind, Record, Row, StoreError};
use qbank_proto::Scope;

use super::journal::Journal;
use crate::failure::Failure;

/// Of the rows in the journal.
pub(super) fn of_rows(journal: &Journal) -> Result<Vec<Scope>, Failure> {
    let (mut ach, mut wire) = (false, false);
    journal.store.each(Some(&journal.run), |_: Row, intent: Record| {
        ach |= intent.kind == Kind::Ach;
        wire |= intent.kind == Kind::Wire;
        Ok::<(), StoreError>(())
    })?;
    Ok(of_kinds(ach, wire))
}

/// Of payments of these kinds. Payments are looked at as well.
pub(super) fn of_kinds(ach: bool, wire: bool) -> Vec<Scope> {
    let kinds = [(ach, Scope::PaymentsAchWrite), (wire, Scope::PaymentsWireWrite)];
    let writes = kinds.into_iter().filter(|(there, _)| *there).map(|(_, scope)| scope);
    writes.chain([Scope::PaymentsRead]).collect()
}
