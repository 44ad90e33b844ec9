//! `qbank transfers`.

use qbank_blocking::Scope;
use qbank_blocking::endpoint::{CreateTransfer, TransferAccepted};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{Context, write};
use crate::args::Transfer;
use crate::connect;
use crate::exit::Failure;
use crate::table::Rows;

/// What the bank answers to a transfer is not documented: passed on as it came.
#[derive(Serialize)]
#[serde(transparent)]
struct TransferResult {
    answer: Box<RawValue>,
    #[serde(skip)]
    accepted: Option<TransferAccepted>,
}

impl Rows for TransferResult {
    const COLUMNS: &'static [&'static str] = TransferAccepted::COLUMNS;

    fn cells(&self) -> Vec<String> {
        self.accepted.as_ref().map(Rows::cells).unwrap_or_default()
    }
}

pub(crate) fn create(context: &Context<'_>, args: &Transfer) -> Result<(), Failure> {
    let client = connect::client(context.global, &[Scope::TransfersWrite])?;
    let transfer = CreateTransfer::new(args.from, args.to, args.amount);
    let key = write::key(&client, &args.write);
    let pending = client.transfers().create(transfer);
    let reply = write::submit(context, &client, key, &args.write, pending)?;
    let answer = serde_json::from_slice(reply.raw()).ok().or_else(nothing);
    let Some(answer) = answer else {
        return Err(Failure::Local("cannot print the answer".to_owned()));
    };
    context.printer.one(&reply.map(|accepted| TransferResult {
        answer,
        accepted: Some(accepted),
    }));
    Ok(())
}

fn nothing() -> Option<Box<RawValue>> {
    RawValue::from_string("{}".to_owned()).ok()
}
