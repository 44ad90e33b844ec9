//! Calls by number: an input becomes an endpoint of the core, and its call.

use qbank_proto::chrono::DateTime;
use qbank_proto::endpoint::{
    AchAccepted, Beneficiary, CreateAch, CreateCheckIssue, CreateTransfer, CreateWire, Destination,
    GetPayment, ListAccounts, ListCheckExceptions, ListTransactions, PaymentStatus, Recipient,
};
use qbank_proto::{
    AccessToken, AnyCall, AnyOperation, Authenticate, CallOptions, Entropy, Error, IdempotencyKey,
    IssueId, JsonObject, OpenList, Resume, Session, WaitForPayment,
};

use super::answer::{NULL, or_null};
use super::config::on_conflict;
use super::data::Data;
use super::input::Input;
use super::listing::{self, Balance, Listing};

/// What is driven.
pub(super) enum Machine {
    /// A call whose value is JSON.
    Call(Box<AnyCall<String>>),
    Wait(Box<WaitForPayment>),
    Token(Box<Authenticate>),
}

/// The call of this number, in the order in which `js/machine.js` lists them.
pub(super) fn machine(
    session: &Session,
    number: usize,
    input: &Input<'_>,
    entropy: Entropy,
) -> Result<Machine, Error> {
    let key = input.parsed("idempotencyKey")?;
    let options = options(input)?;
    let operation = match number {
        0 => AnyOperation::new(ach(input)?, ach_accepted),
        1 => AnyOperation::new(wire(input)?, told),
        2 => AnyOperation::new(transfer(input)?, told),
        3 => AnyOperation::new(issue(input, key, entropy)?, told),
        4 => AnyOperation::new(GetPayment::new(input.id("paymentId")?), told),
        5 => AnyOperation::new(Balance(input.id("accountId")?), |json| json),
        6 => AnyOperation::new(Listing(ListAccounts), listing::told),
        7 => AnyOperation::new(Listing(transactions(input)?), listing::told),
        8 => AnyOperation::new(OpenList(Listing(transactions(input)?)), |()| NULL.into()),
        9 => AnyOperation::new(Listing(ListCheckExceptions), listing::told),
        10 => {
            let payment = input.id("paymentId")?;
            let wait = WaitForPayment::new(session, payment, options, entropy);
            let wait = if input.flag("accepted") { wait.accepted() } else { wait };
            return Ok(Machine::Wait(Box::new(wait)));
        }
        _ => return Ok(Machine::Token(Box::new(Authenticate::new(session, &options, entropy)))),
    };
    Ok(Machine::Call(Box::new(AnyCall::new(session, operation, key, options, entropy))))
}

#[expect(clippy::needless_pass_by_value, reason = "what an operation gives")]
fn told<T: Data>(value: T) -> String {
    value.data()
}

/// What one call does differently.
fn options(input: &Input<'_>) -> Result<CallOptions, Error> {
    let mut options = CallOptions::default();
    options.timeout = input.time("timeoutMs");
    options.deadline = input.time("deadlineMs");
    options.max_retries = input.count("maxRetries");
    options.on_conflict = on_conflict(input);
    if let Some(token) = input.opt_text("accessToken") {
        options.token = Some(AccessToken::new(&token)?);
    }
    options.auth_date = input.parsed("authDate")?;
    if let Some(ms) = input.json("resumeFrom") {
        let first_sent = ms.parse().ok().and_then(DateTime::from_timestamp_millis);
        // Without it the intent would count as a new one.
        let rule = || Error::invalid_input("resumeFrom", "must be a valid Date");
        options.resume = Some(Resume::new(first_sent.ok_or_else(rule)?));
    }
    Ok(options)
}

fn ach(input: &Input<'_>) -> Result<CreateAch, Error> {
    let source = input.id("sourceAccountId")?;
    let destination = match input.opt_text("destinationAccountId") {
        Some(_) => Destination::Account(input.id("destinationAccountId")?),
        None => recipient(input)?.into(),
    };
    let mut ach = CreateAch::new(source, destination, input.needed("amount")?);
    ach.effective_date = input.day("effectiveDate")?;
    ach.reference_id = input.opt_text("referenceId").map(Into::into);
    Ok(ach)
}

/// Members beyond the three are what the bank agreed on with its client.
fn recipient(input: &Input<'_>) -> Result<Recipient, Error> {
    let mut recipient = Recipient::new(
        input.text("recipientDetails.name"),
        input.needed("recipientDetails.bankId")?,
        &*input.text("recipientDetails.accountNumber"),
    );
    for (name, json) in input.inner("recipientDetails")?.iter() {
        recipient = recipient.with_member(name, json)?;
    }
    Ok(recipient)
}

fn wire(input: &Input<'_>) -> Result<CreateWire, Error> {
    let beneficiary = Beneficiary::new(
        input.text("beneficiaryDetails.name"),
        input.needed("beneficiaryDetails.bankId")?,
        &*input.text("beneficiaryDetails.accountNumber"),
    );
    let source = input.id("sourceAccountId")?;
    Ok(CreateWire::new(source, beneficiary, input.needed("amount")?, input.text("referenceCode")))
}

/// Without an id of its own an issue has that of its intent, so that the same key
/// goes with the same bytes.
fn issue(
    input: &Input<'_>,
    key: Option<IdempotencyKey>,
    entropy: Entropy,
) -> Result<CreateCheckIssue, Error> {
    let key = key.unwrap_or_else(|| IdempotencyKey::from_entropy(entropy.key));
    let id = match input.opt_text("issueId") {
        Some(_) => input.id("issueId")?,
        None => IssueId::from_uuid(key.as_uuid()),
    };
    let account = input.id("accountId")?;
    let date = input.day("issueDate")?.unwrap_or_default();
    Ok(CreateCheckIssue::new(id, account, input.text("checkNumber"), input.needed("amount")?, date))
}

fn transfer(input: &Input<'_>) -> Result<CreateTransfer, Error> {
    let (from, to) = (input.id("fromAccountId")?, input.id("toAccountId")?);
    Ok(CreateTransfer::new(from, to, input.needed("amount")?))
}

fn transactions(input: &Input<'_>) -> Result<ListTransactions, Error> {
    let mut list = ListTransactions::new();
    list.account_id = input.opt_text("accountId").map(|_| input.id("accountId")).transpose()?;
    list.posted_since = input.day("postedSince")?;
    Ok(list)
}

/// Its members are always there; the `location` is JavaScript's to add.
#[expect(clippy::needless_pass_by_value, reason = "as all that tell")]
fn ach_accepted(accepted: AchAccepted) -> String {
    let mut json = JsonObject::new();
    let id = accepted.payment_id.map(|id| id.to_string());
    or_null(&mut json, "paymentId", id.as_deref());
    or_null(&mut json, "status", accepted.status.as_ref().map(PaymentStatus::as_str));
    json.finish()
}
