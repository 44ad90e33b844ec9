//! What an operation is asked for.

use qbank_proto::endpoint::{
    Beneficiary, CreateAch, CreateCheckIssue, CreateTransfer, CreateWire, Destination,
    ListTransactions, Recipient,
};
use qbank_proto::{Error, IdempotencyKey, IssueId};

use super::Members;

pub(crate) fn ach(request: &mut Members<'_>) -> Result<CreateAch, Error> {
    let source = request.needed("sourceAccountId")?;
    let account = request.maybe("destinationAccountId")?;
    let destination = match (account, request.inner("recipientDetails")?) {
        (Some(account), None) => Destination::Account(account),
        (None, Some(details)) => recipient(details)?.into(),
        (account, _) => {
            let rule = match account {
                Some(_) => "and recipientDetails must not both be given",
                None => "or recipientDetails must be given",
            };
            return Err(Error::invalid_input("destinationAccountId", rule));
        }
    };
    let mut ach = CreateAch::new(source, destination, request.needed("amount")?);
    ach.effective_date = request.day("effectiveDate")?;
    ach.reference_id = request.maybe_text("referenceId")?;
    Ok(ach)
}

/// Members beyond the three are what the bank agreed on with its client.
fn recipient(mut details: Members<'_>) -> Result<Recipient, Error> {
    let (name, bank_id) = (details.text("name")?, details.needed("bankId")?);
    let recipient = Recipient::new(name, bank_id, details.text("accountNumber")?);
    details.rest().try_fold(recipient, |recipient, (name, json)| recipient.with_member(name, json))
}

pub(crate) fn wire(request: &mut Members<'_>) -> Result<CreateWire, Error> {
    let source = request.needed("sourceAccountId")?;
    let Some(mut details) = request.inner("beneficiaryDetails")? else {
        return Err(Error::invalid_input("beneficiaryDetails", "is missing"));
    };
    let (name, bank_id) = (details.text("name")?, details.needed("bankId")?);
    let beneficiary = Beneficiary::new(name, bank_id, details.text("accountNumber")?);
    details.end()?;
    let amount = request.needed("amount")?;
    Ok(CreateWire::new(source, beneficiary, amount, request.text("referenceCode")?))
}

pub(crate) fn transfer(request: &mut Members<'_>) -> Result<CreateTransfer, Error> {
    let (from, to) = (request.needed("fromAccountId")?, request.needed("toAccountId")?);
    Ok(CreateTransfer::new(from, to, request.needed("amount")?))
}

/// Without an id of its own an issue has that of its intent, so that the same key goes with the
/// same bytes.
pub(crate) fn issue(
    request: &mut Members<'_>,
    key: IdempotencyKey,
) -> Result<CreateCheckIssue, Error> {
    let id = request.maybe("issueId")?.unwrap_or_else(|| IssueId::from_uuid(key.as_uuid()));
    let (account, number) = (request.needed("accountId")?, request.text("checkNumber")?);
    let amount = request.needed("amount")?;
    let Some(date) = request.day("issueDate")? else {
        return Err(Error::invalid_input("issueDate", "is missing"));
    };
    Ok(CreateCheckIssue::new(id, account, number, amount, date))
}

pub(crate) fn transactions(request: &mut Members<'_>) -> Result<ListTransactions, Error> {
    let mut list = ListTransactions::new();
    list.account_id = request.maybe("accountId")?;
    list.posted_since = request.day("postedSince")?;
    Ok(list)
}
