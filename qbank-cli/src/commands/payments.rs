//! `qbank payments`.

use std::time::{Duration, Instant};

use qbank_proto::endpoint::{
    Beneficiary, CreateAch, CreateWire, Destination, Payment, PaymentStatus, Recipient,
};
use qbank_proto::http::header;
use qbank_proto::{Amount, ErrorKind, Fate, Money, PaymentId, Reply, Scope};
use serde::Serialize;

use super::{Context, write};
use crate::args::{Ach, Wire};
use crate::client::{self, Client};
use crate::failure::{Failure, Submitted};
use crate::output::Rows;

/// An accepted ACH payment, as the program prints it.
#[derive(Serialize)]
struct AchResult {
    #[serde(rename = "paymentId")]
    payment_id: Option<PaymentId>,
    status: Option<PaymentStatus>,
    location: Option<String>,
    /// For people: the amount that the bank recorded, once it is known.
    #[serde(skip)]
    recorded: Option<Money>,
    #[serde(skip)]
    asked_for: Amount,
}

impl Rows for AchResult {
    const COLUMNS: &'static [&'static str] = &["payment", "amount", "status"];

    fn cells(&self) -> Vec<String> {
        let unnamed = || "not named by the bank".to_owned();
        let accepted = || "accepted; its state is not known yet".to_owned();
        let asked_for = || format!("{} (asked for)", self.asked_for);
        vec![
            self.payment_id.map_or_else(unnamed, |id| id.to_string()),
            self.recorded.map_or_else(asked_for, |amount| amount.to_string()),
            self.status.as_ref().map_or_else(accepted, ToString::to_string),
        ]
    }
}

pub(crate) fn ach(context: &Context<'_>, args: Ach) -> Result<(), Failure> {
    let begun = Instant::now();
    let client = client::connect(context.global, &[Scope::PaymentsAchWrite, Scope::PaymentsRead])?;
    let destination = match (args.to, args.recipient_name, args.bank_id) {
        (Some(id), _, _) => Destination::Account(id),
        (None, Some(name), Some(bank_id)) => {
            let number =
                write::account_number(&args.account_number)?.ok_or_else(no_account_number)?;
            Recipient::new(name, bank_id, number).into()
        }
        _ => {
            return Err(Failure::usage(
                "give --to, or --recipient-name, --bank-id and --account-number",
            ));
        }
    };
    let mut payment = CreateAch::new(args.from, destination, args.amount);
    payment.effective_date = args.effective_date;
    payment.reference_id = args.reference;
    let key = write::key(&client, &args.write);
    let pending = client.payments().create_ach(payment);
    let reply = write::submit(context, &client, key, &args.write, pending)?;
    let location = reply
        .headers()
        .get(header::LOCATION)
        .and_then(|value| value.to_str().ok())
        .map(|location| client.session().redact(location.to_owned()));
    let submitted = Submitted::of(&reply);
    let mut reply = reply.map(|accepted| AchResult {
        payment_id: accepted.payment_id,
        status: accepted.status,
        location,
        recorded: None,
        asked_for: args.amount,
    });
    if args.wait.wait {
        let id = reply.value.payment_id;
        context.printer.waiting(id);
        let done = finish(context, &client, id, submitted, begun)?;
        reply.value.status = done.value.status;
        reply.value.recorded = done.value.amount;
    }
    context.printer.one(&reply);
    Ok(())
}

pub(crate) fn wire(context: &Context<'_>, args: Wire) -> Result<(), Failure> {
    let begun = Instant::now();
    let client = client::connect(context.global, &[Scope::PaymentsWireWrite, Scope::PaymentsRead])?;
    let number = write::account_number(&args.account_number)?.ok_or_else(no_account_number)?;
    let beneficiary = Beneficiary::new(args.beneficiary_name, args.bank_id, number);
    let payment = CreateWire::new(args.from, beneficiary, args.amount, args.reference);
    let key = write::key(&client, &args.write);
    let pending = client.payments().create_wire(payment);
    let mut reply = write::submit(context, &client, key, &args.write, pending)?;
    if args.wait.wait && !reply.value.is_final() {
        let id = Some(reply.value.payment_id);
        context.printer.waiting(id);
        reply.value = finish(context, &client, id, Submitted::of(&reply), begun)?.value;
    }
    context.printer.one(&reply);
    Ok(())
}

fn no_account_number() -> Failure {
    Failure::usage("give --account-number or --account-number-file")
}

pub(crate) fn get(context: &Context<'_>, payment: PaymentId) -> Result<(), Failure> {
    let client = client::connect(context.global, &[Scope::PaymentsRead])?;
    let call = client.payments().get(payment).call();
    context.printer.one(&context.interrupts.drive(&client, call)?);
    Ok(())
}

pub(crate) fn wait(context: &Context<'_>, payment: PaymentId) -> Result<(), Failure> {
    let client = client::connect(context.global, &[Scope::PaymentsRead])?;
    let machine = client.payments().wait(payment).machine();
    context.printer.one(&context.interrupts.drive(&client, machine)?);
    Ok(())
}

/// Waits for a payment that was just submitted, within what is left of the
/// deadline. Whatever goes wrong now, the bank has the payment.
fn finish(
    context: &Context<'_>,
    client: &Client,
    id: Option<PaymentId>,
    submitted: Submitted,
    begun: Instant,
) -> Result<Reply<Payment>, Failure> {
    let left = client.session().config().deadline.saturating_sub(begun.elapsed());
    let result = match id {
        Some(id) => {
            let wait = client.payments().wait(id).accepted();
            let machine = wait.deadline(left.max(Duration::from_millis(1))).machine();
            context.interrupts.drive(client, machine)
        }
        None => Err(qbank_proto::Error::new(
            ErrorKind::UnexpectedResponse,
            Fate::InProgress,
            "the bank accepted the payment but named no id to wait for",
        )
        .into()),
    };
    result.map_err(|failure| {
        let error = match failure {
            Failure::Call(error) => error,
            other => {
                let what = format!("the payment was accepted, but not waited for: {other}");
                Box::new(qbank_proto::Error::new(ErrorKind::Transport, Fate::InProgress, what))
            }
        };
        Failure::AfterSubmit { error, submitted }
    })
}

impl Submitted {
    fn of<T>(reply: &Reply<T>) -> Self {
        Self { key: reply.key, first_sent: reply.first_sent, attempts: reply.attempts.len() }
    }
}
