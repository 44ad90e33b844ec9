//! `qbank webhooks verify`.

use std::time::{Duration, SystemTime};

use qbank_proto::webhook::{Delivery, Event, Verifier, VerifyError};
use serde::Serialize;

use crate::args::{Scheme, Verify};
use crate::commands::Context;
use crate::failure::Failure;
use crate::input::{self, variable};
use crate::output::plain;

const TOLERANCE: Duration = Duration::from_secs(5 * 60);
const MAX_DELIVERY: u64 = 16 << 20;

#[derive(Serialize)]
struct Verified {
    verified: bool,
    event: Option<Event>,
}

pub(crate) fn verify(context: &Context<'_>, args: &Verify) -> Result<(), Failure> {
    let verifier = verifier(args.scheme)?;
    let body = input::bytes(&args.body, "the body", MAX_DELIVERY)?;
    let delivery = Delivery {
        body: &body,
        signature: (&args.signature).into(),
        event_id: args.event_id.as_deref(),
        timestamp: args.timestamp.as_deref(),
    };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    verifier.verify(&delivery, now).map_err(Failure::Signature)?;
    let event = Event::parse(&body).ok();
    let text = match &event {
        Some(event) => format!(
            "genuine\nevent    {}\npayment  {}\nstatus   {}",
            event.event_id,
            event.data.payment_id,
            plain(event.data.status.as_ref().map_or("not stated", |status| status.as_str())),
        ),
        None => "genuine, but no event of ours".to_owned(),
    };
    context.printer.either(&text, &Verified { verified: true, event });
    Ok(())
}

/// The verifier of QBANK_WEBHOOK_SECRET.
pub(super) fn verifier(scheme: Scheme) -> Result<Verifier, Failure> {
    let secrets = variable("QBANK_WEBHOOK_SECRET")?
        .ok_or_else(|| Failure::usage("no webhook secret: set QBANK_WEBHOOK_SECRET"))?;
    let secrets = secrets.expose().lines().map(str::trim).filter(|line| !line.is_empty());
    let verifier = match scheme {
        Scheme::Hmac => Verifier::new(secrets),
        Scheme::Standard => Verifier::standard(secrets, TOLERANCE),
    };
    verifier.map_err(|error: VerifyError| Failure::usage(format!("QBANK_WEBHOOK_SECRET: {error}")))
}
