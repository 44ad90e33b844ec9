//! Calls by name: JavaScript's arguments become an endpoint of the core.

use std::task::Waker;

use qbank_proto::bytes::Bytes;
use qbank_proto::endpoint::{
    AchAccepted, Beneficiary, CreateAch, CreateCheckIssue, CreateTransfer, CreateWire, Destination,
    Endpoint, GetBalance, GetPayment, ListAccounts, ListCheckExceptions, ListTransactions,
    PaymentStatus, Read, Recipient, Write,
};
use qbank_proto::http::{Response, header};
use qbank_proto::{
    AccessToken, Authenticate, BoxError, Call, Client, Error, Fate, Fault, IdempotencyKey, IssueId,
    JsonObject, Machine, Now, PaymentId, Reply, Step, Ticket, TokenInfo, WaitForPayment,
};
use wasm_bindgen::prelude::*;

use super::answer::{self, Told};
use super::data::Data;
use super::fields::Fields;
use super::options::{self, Options, named};
use crate::platform;
use crate::{AbortSignal, Drive, Fetch};

/// A call of any kind, whose output is told to JavaScript.
pub(super) type AnyCall = Box<dyn Machine<Output = Told>>;

const ACH: &str = "payments.createAch";
const WIRE: &str = "payments.createWire";
const TRANSFER: &str = "transfers.create";
const ISSUE: &str = "positivePay.createIssue";
const WAIT: &str = "payments.wait";

/// The call of this name. What is wrong with its arguments is an error that knows
/// what became of the money.
pub(super) fn call(
    client: &Client<Fetch>,
    operation: &str,
    request: JsValue,
    given: JsValue,
) -> Result<(AnyCall, Option<AbortSignal>), Error> {
    let writes = matches!(operation, ACH | WIRE | TRANSFER | ISSUE);
    // An edge worker gives randomness only while it handles an event.
    let random = platform::random::<1>().map(drop).map_err(|_| {
        let rule = "gives no randomness here: call while an event is handled";
        Error::invalid_input("crypto.getRandomValues", rule)
    });
    let resumes = options::resumes(&given);
    let accepted = (operation == WAIT).then_some("accepted");
    random
        .and_then(|()| options::call(given, writes, accepted))
        .and_then(|(mut options, given)| {
            let signal = options.signal.take();
            Ok((chosen(client, operation, request, options, &given)?, signal))
        })
        .map_err(|error| match (writes, resumes) {
            (false, _) => error.with_fate(Fate::NotApplicable),
            // Nothing was sent now, but perhaps before.
            (true, true) => error.with_fate(Fate::Unknown),
            (true, false) => error,
        })
}

fn chosen(
    client: &Client<Fetch>,
    operation: &str,
    request: JsValue,
    options: Options,
    given: &Fields,
) -> Result<AnyCall, Error> {
    Ok(match operation {
        ACH => write(client, ach(request)?, options, ach_result),
        WIRE => write(client, wire(request)?, options, answer::good),
        TRANSFER => write(client, transfer(request)?, options, answer::good),
        ISSUE => {
            let key = key(client, &options);
            let issue = issue(request, key)?;
            write(client, issue, Options { key: Some(key), ..options }, answer::good)
        }
        "payments.get" => read(client, GetPayment::new(id("paymentId", &request)?), options),
        WAIT => {
            let payment: PaymentId = id("paymentId", &request)?;
            let entropy = client.driver().entropy();
            let wait = WaitForPayment::new(client.session(), payment, options.call, entropy);
            telling(if given.flag("accepted")? { wait.accepted() } else { wait }, answer::good)
        }
        "balances.get" => read(client, GetBalance::new(id("accountId", &request)?), options),
        "accounts.list" => read(client, ListAccounts, options),
        "transactions.list" => read(client, transactions(request)?, options),
        "positivePay.exceptions" => read(client, ListCheckExceptions, options),
        "authenticate" => {
            let entropy = client.driver().entropy();
            telling(Authenticate::new(client.session(), &options.call, entropy), token)
        }
        _ => return Err(Error::invalid_input("operation", "is not known")),
    })
}

fn ach(request: JsValue) -> Result<CreateAch, Error> {
    let known = [
        "sourceAccountId",
        "destinationAccountId",
        "recipientDetails",
        "amount",
        "effectiveDate",
        "referenceId",
    ];
    let fields = Fields::of(request, "request", "", &known)?;
    let source = fields.needed("sourceAccountId")?;
    let destination = match (fields.parsed("destinationAccountId")?, fields.get("recipientDetails"))
    {
        (Some(account), None) => Destination::Account(account),
        (None, Some(details)) => recipient(details)?.into(),
        (None, None) => {
            return Err(fields.wrong("destinationAccountId", "or recipientDetails must be given"));
        }
        (Some(_), Some(_)) => {
            let rule = "and recipientDetails must not both be given";
            return Err(fields.wrong("destinationAccountId", rule));
        }
    };
    let mut ach = CreateAch::new(source, destination, fields.amount()?);
    ach.effective_date = fields.day("effectiveDate")?;
    ach.reference_id = fields.text("referenceId")?;
    Ok(ach)
}

/// Members beyond the three are what the bank agreed on with its client.
fn recipient(details: JsValue) -> Result<Recipient, Error> {
    let fields = Fields::open(details, "recipientDetails", "recipientDetails.")?;
    let mut recipient = Recipient::new(
        fields.needed_text("name")?,
        fields.needed("bankId")?,
        account_number(&fields)?,
    );
    for name in fields.names("recipientDetails")? {
        // Said twice, each side may read another one.
        if ["bank_id", "account_number"].contains(&name.as_str()) {
            return Err(fields.wrong(&name, "is not known here; there are bankId, accountNumber"));
        }
        if ["name", "bankId", "accountNumber"].contains(&name.as_str()) {
            continue;
        }
        let value = fields.raw(&name);
        if value.is_undefined() {
            continue;
        }
        let json = js_sys::JSON::stringify(&value).ok().and_then(|json| json.as_string());
        let json = json.filter(|json| !is_half(json));
        recipient = recipient
            .with_member(name.as_str(), json.unwrap_or_default())
            .map_err(|_| fields.wrong(&name, "cannot be written as JSON"))?;
    }
    Ok(recipient)
}

/// Whether a text in it has half of a surrogate pair: only that is written as `\ud…`.
fn is_half(json: &str) -> bool {
    let mut escapes = json.split('\\').skip(1);
    while let Some(escape) = escapes.next() {
        match escape.as_bytes() {
            [b'u', b'd', ..] => return true,
            // A backslash itself: what follows is no escape.
            [] => drop(escapes.next()),
            _ => {}
        }
    }
    false
}

fn wire(request: JsValue) -> Result<CreateWire, Error> {
    let known = ["sourceAccountId", "beneficiaryDetails", "amount", "referenceCode"];
    let fields = Fields::of(request, "request", "", &known)?;
    let details = fields.get("beneficiaryDetails").unwrap_or_default();
    let details = Fields::of(
        details,
        "beneficiaryDetails",
        "beneficiaryDetails.",
        &["name", "bankId", "accountNumber"],
    )?;
    let beneficiary = Beneficiary::new(
        details.needed_text("name")?,
        details.needed("bankId")?,
        account_number(&details)?,
    );
    let source = fields.needed("sourceAccountId")?;
    Ok(CreateWire::new(source, beneficiary, fields.amount()?, fields.needed_text("referenceCode")?))
}

/// The core names it without saying whose it is.
fn account_number(fields: &Fields) -> Result<String, Error> {
    const NAME: &str = "accountNumber";
    let number = fields.needed_text(NAME)?;
    if number.trim().is_empty() {
        return Err(fields.wrong(NAME, "must not be empty"));
    }
    if number.chars().any(char::is_control) {
        return Err(fields.wrong(NAME, "must not have control characters"));
    }
    Ok(number)
}

fn transfer(request: JsValue) -> Result<CreateTransfer, Error> {
    let fields = Fields::of(request, "request", "", &["fromAccountId", "toAccountId", "amount"])?;
    let (from, to) = (fields.needed("fromAccountId")?, fields.needed("toAccountId")?);
    Ok(CreateTransfer::new(from, to, fields.amount()?))
}

/// Without an id of its own an issue has that of its intent, so that the same key
/// goes with the same bytes.
fn issue(request: JsValue, key: IdempotencyKey) -> Result<CreateCheckIssue, Error> {
    let known = ["issueId", "accountId", "checkNumber", "amount", "issueDate"];
    let fields = Fields::of(request, "request", "", &known)?;
    let id = fields.parsed("issueId")?.unwrap_or_else(|| IssueId::from_uuid(key.as_uuid()));
    let account = fields.needed("accountId")?;
    let number = fields.needed_text("checkNumber")?;
    let date = fields.day("issueDate")?;
    let date = date.ok_or_else(|| fields.wrong("issueDate", "is missing"))?;
    Ok(CreateCheckIssue::new(id, account, number, fields.amount()?, date))
}

fn transactions(filter: JsValue) -> Result<ListTransactions, Error> {
    let mut list = ListTransactions::new();
    if !filter.is_undefined() && !filter.is_null() {
        let fields = Fields::of(filter, "filter", "", &["accountId", "postedSince"])?;
        list.account_id = fields.parsed("accountId")?;
        list.posted_since = fields.day("postedSince")?;
    }
    Ok(list)
}

fn id<T: std::str::FromStr<Err: std::fmt::Display>>(
    name: &str,
    given: &JsValue,
) -> Result<T, Error> {
    let text = given.as_string().unwrap_or_default();
    text.parse().map_err(|rule| Error::invalid_input(name, rule))
}

fn key(client: &Client<Fetch>, options: &Options) -> IdempotencyKey {
    let fresh = || IdempotencyKey::from_entropy(client.driver().entropy().key);
    options.key.unwrap_or_else(fresh)
}

fn write<E: Endpoint<Effect = Write>>(
    client: &Client<Fetch>,
    endpoint: E,
    options: Options,
    tell: fn(&Reply<E::Output>) -> Told,
) -> AnyCall {
    let key = key(client, &options);
    let entropy = client.driver().entropy();
    telling(Call::new(client.session(), endpoint, key, options.call, entropy), tell)
}

fn read<E: Endpoint<Effect = Read>>(
    client: &Client<Fetch>,
    endpoint: E,
    options: Options,
) -> AnyCall
where
    E::Output: Data,
{
    telling(client.call(endpoint).options(options.call).call(), answer::good)
}

fn telling<M, T>(machine: M, tell: fn(&T) -> Told) -> AnyCall
where
    M: Machine<Output = Result<T, Error>> + 'static,
    T: 'static,
{
    Box::new(Telling { machine, tell })
}

/// A machine whose output is told.
struct Telling<M, T> {
    machine: M,
    tell: fn(&T) -> Told,
}

impl<M: Machine<Output = Result<T, Error>>, T> Telling<M, T> {
    fn told(&self, outcome: M::Output) -> Told {
        outcome.map_or_else(|error| answer::bad(&named(error)), |value| (self.tell)(&value))
    }
}

impl<M: Machine<Output = Result<T, Error>>, T> Machine for Telling<M, T> {
    type Output = Told;

    fn poll(&mut self, now: Now, waker: &Waker) -> Step<Told> {
        match self.machine.poll(now, waker) {
            Step::Done(outcome) => Step::Done(self.told(outcome)),
            Step::Send(exchange) => Step::Send(exchange),
            Step::Authorize { ticket, timeout } => Step::Authorize { ticket, timeout },
            Step::Wait(limit) => Step::Wait(limit),
        }
    }

    fn settle(&mut self, now: Now, ticket: Ticket, outcome: Result<Response<Bytes>, Fault>) {
        self.machine.settle(now, ticket, outcome);
    }

    fn supply(&mut self, now: Now, ticket: Ticket, token: Result<AccessToken, BoxError>) {
        self.machine.supply(now, ticket, token);
    }

    fn abandon(&mut self, now: Now) -> Told {
        let outcome = self.machine.abandon(now);
        self.told(outcome)
    }
}

/// Its members are always there.
fn ach_result(reply: &Reply<AchAccepted>) -> Told {
    let mut json = JsonObject::new();
    let id = reply.value.payment_id.map(|id| id.to_string());
    answer::or_null(&mut json, "paymentId", id.as_deref());
    answer::or_null(&mut json, "status", reply.value.status.as_ref().map(PaymentStatus::as_str));
    let location = reply.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
    answer::or_null(&mut json, "location", location);
    answer::with_data(&json.finish(), reply)
}

fn token(info: &TokenInfo) -> Told {
    let mut json = JsonObject::new();
    answer::or_null(&mut json, "scope", info.scope.as_deref());
    let left = info.expires_in.map(|left| i64::try_from(left.as_millis()).unwrap_or(i64::MAX));
    answer::number(&mut json, "expiresInMs", left);
    answer::value(&json.finish())
}
