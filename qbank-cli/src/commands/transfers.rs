//! `qbank transfers`.

use qbank_proto::endpoint::CreateTransfer;
use qbank_proto::{Amount, Scope};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{Context, write};
use crate::args::Transfer;
use crate::client::{self, Client};
use crate::failure::Failure;
use crate::output::Rows;

/// The bank's response to a transfer is not documented: it is printed as it came.
#[derive(Serialize)]
#[serde(transparent)]
struct TransferResult {
    response: Box<RawValue>,
    /// For people. A response that names another amount is refused by the client.
    #[serde(skip)]
    amount: Amount,
}

impl Rows for TransferResult {
    const COLUMNS: &'static [&'static str] = &["transferred"];

    fn cells(&self) -> Vec<String> {
        vec![self.amount.to_string()]
    }
}

pub(crate) fn create(context: &Context<'_>, args: &Transfer) -> Result<(), Failure> {
    let client = client::connect(context.global, &[Scope::TransfersWrite])?;
    let transfer = CreateTransfer::new(args.from, args.to, args.amount);
    let key = write::key(&client, &args.write);
    let pending = client.transfers().create(transfer);
    let reply = write::submit(context, &client, key, &args.write, pending)?;
    let response = on_one_line(&client, reply.raw()).or_else(nothing);
    let Some(response) = response else {
        return Err(Failure::Local("the response cannot be printed".to_owned()));
    };
    context.printer.one(&reply.map(|_| TransferResult { response, amount: args.amount }));
    Ok(())
}

/// The bank's own digits and order, without the white space between tokens and
/// without secrets of the request that the response repeats.
fn on_one_line(client: &Client, json: &[u8]) -> Option<Box<RawValue>> {
    let json: &RawValue = serde_json::from_slice(json).ok()?;
    let (mut in_text, mut escaped) = (false, false);
    let mut line = client.session().redact(json.get().to_owned());
    line.retain(|c| {
        let begins_or_ends = c == '"' && !escaped;
        escaped = in_text && c == '\\' && !escaped;
        in_text ^= begins_or_ends;
        in_text || !c.is_ascii_whitespace()
    });
    RawValue::from_string(line).ok()
}

fn nothing() -> Option<Box<RawValue>> {
    RawValue::from_string("{}".to_owned()).ok()
}
