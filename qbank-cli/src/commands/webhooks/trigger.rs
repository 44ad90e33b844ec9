//! `qbank webhooks trigger` and `qbank webhooks resend`: deliveries by the sandbox.

use std::time::Duration;

use qbank_proto::bytes::Bytes;
use qbank_proto::http::header::CONTENT_TYPE;
use qbank_proto::http::{HeaderMap, HeaderValue, Uri};
use qbank_proto::{Amount, EventId, PaymentId, Secret};
use qbank_sandbox::loopback_address;
use serde::{Deserialize, Serialize};
use tokio::runtime::Builder;

use crate::args::{Resend, Trigger};
use crate::commands::Context;
use crate::failure::Failure;
use crate::input::variable;

/// For the sandbox to respond, unless `--timeout` says otherwise.
const RESPONDS_WITHIN: Duration = Duration::from_secs(10);

/// What will be delivered.
#[derive(Serialize, Deserialize)]
struct Scheduled {
    event_id: EventId,
    #[serde(rename = "paymentId")]
    payment_id: PaymentId,
    receivers: usize,
}

pub(crate) fn trigger(context: &Context<'_>, args: &Trigger) -> Result<(), Failure> {
    #[derive(Serialize)]
    struct Order<'a> {
        #[serde(rename = "paymentId")]
        payment: Option<PaymentId>,
        status: Option<&'a str>,
        r#type: Option<String>,
        amount: Option<Amount>,
        times: u64,
    }
    if let Some(url) = &args.receiver {
        register(context, url)?;
    }
    let order = Order {
        payment: args.payment,
        status: args.status.as_deref(),
        r#type: args.rail.as_ref().map(|rail| rail.to_ascii_uppercase()),
        amount: args.amount,
        times: args.times,
    };
    deliver(context, "/webhooks/trigger", &order)
}

pub(crate) fn resend(context: &Context<'_>, args: &Resend) -> Result<(), Failure> {
    #[derive(Serialize)]
    struct Order {
        #[serde(rename = "paymentId")]
        payment: PaymentId,
        times: u64,
    }
    let order = Order { payment: args.payment, times: args.times };
    deliver(context, "/webhooks/resend", &order)
}

fn register(context: &Context<'_>, url: &Uri) -> Result<(), Failure> {
    #[derive(Serialize)]
    struct Receiver<'a> {
        url: String,
        secret: Option<&'a str>,
    }
    let secrets = variable("QBANK_WEBHOOK_SECRET")?;
    let lines = secrets.as_ref().map(Secret::expose).into_iter().flat_map(str::lines);
    let secret = lines.map(str::trim).find(|line| !line.is_empty());
    post(context, "/webhooks", &Receiver { url: url.to_string(), secret }).map(drop)
}

fn deliver(context: &Context<'_>, path: &str, order: &impl Serialize) -> Result<(), Failure> {
    let response = post(context, path, order)?;
    let scheduled: Scheduled = serde_json::from_slice(&response)
        .map_err(|_| Failure::Local("the sandbox's response cannot be read".to_owned()))?;
    let Scheduled { event_id, payment_id, receivers } = &scheduled;
    let text = format!("event      {event_id}\npayment    {payment_id}\nreceivers  {receivers}");
    context.printer.either(&text, &scheduled);
    Ok(())
}

/// Sends a request to the control surface beside the API that `--base-url` names.
fn post(context: &Context<'_>, path: &str, order: &impl Serialize) -> Result<Bytes, Failure> {
    let uri = control(context.global.base_url()?.as_deref(), path)?;
    let body = serde_json::to_vec(order)
        .map_err(|error| Failure::Local(format!("the request cannot be written: {error}")))?;
    let headers =
        HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    let within = context.global.timeout().unwrap_or(RESPONDS_WITHIN);
    let response = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())
        .and_then(|runtime| {
            runtime.block_on(qbank_sandbox::server::post(&uri, headers, body.into(), within))
        })
        .map_err(|error| Failure::Local(format!("the sandbox at {uri}: {error}")))?;
    if response.status().is_success() {
        return Ok(response.into_body());
    }
    Err(refusal(response.status().as_u16(), response.body()))
}

fn control(base_url: Option<&str>, path: &str) -> Result<Uri, Failure> {
    let rule = "this command needs a sandbox: give its http URL on loopback with --base-url or \
                QBANK_BASE_URL, such as http://127.0.0.1:8467/v1";
    let base: Option<Uri> = base_url.and_then(|url| url.parse().ok());
    let base = base.filter(|uri| loopback_address(uri).is_some());
    let authority = base.as_ref().and_then(Uri::authority);
    authority
        .and_then(|authority| format!("http://{authority}/_sandbox{path}").parse().ok())
        .ok_or_else(|| Failure::usage(rule))
}

/// The standard error of the bank, or no sandbox at all.
fn refusal(status: u16, body: &[u8]) -> Failure {
    #[derive(Default, Deserialize)]
    struct Standard {
        message: String,
        error_code: Option<String>,
    }
    let standard: Standard = serde_json::from_slice(body).unwrap_or_default();
    let message =
        if standard.message.is_empty() { "no sandbox responds there" } else { &standard.message };
    Failure::Control { status, error_code: standard.error_code, message: message.to_owned() }
}
