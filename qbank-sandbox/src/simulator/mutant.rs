//! Clients that are wrong on purpose: a simulator that cannot fail proves nothing.

use bytes::Bytes;
use http::header::{HeaderValue, LOCATION};
use http::{Method, Response, Uri};
use qbank_proto::{Exchange, Fault, IdempotencyKey, Money, PaymentId, Sent};
use serde::Serialize;

use super::driver::key_of;
use super::invariants::BankJson;
use super::process::Task;
use super::trouble::bare;
use super::world::World;

/// A mistake that the simulated client makes. The mistakes are made around the
/// machine of `qbank-proto`, in what its driver or its application does, or in what
/// the machine is given: the machine itself has no switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Mutant {
    /// Breaks the same-key rule: each resend has a key of its own.
    NewKeyPerAttempt,
    /// Sends other bytes with each attempt.
    OtherBytesPerAttempt,
    /// Breaks the 409 rule: resends under a new key what is in process.
    ResendsConflict,
    /// Breaks the 409 rule: takes a conflict of keys for a refusal.
    TakesConflictForRefusal,
    /// Breaks the join rule: the last attempt alone decides the fate.
    LastAttemptDecides,
    /// Breaks the single flight: a session for every call.
    SessionPerCall,
    /// Throws a good token away whenever a request is refused.
    TakesRefusalForBadToken,
    /// Follows a payment in process whatever its amount and type are.
    FollowsAnyPayment,
    /// Takes an id from a `Location` of any origin.
    TrustsForeignLocation,
    /// Goes where a redirect points.
    FollowsRedirects,
    /// Sends first and never saves the key: after a crash it makes another.
    NeverSavesKey,
    /// Starts anew after a crash instead of resuming at unknown.
    RestartsAtNeverSent,
    /// Resumes however old the key is.
    IgnoresKeyAge,
    /// Pays again with a new key while the old one is in doubt.
    PaysAgainWhenUnknown,
    /// Does not stop at the deadline.
    IgnoresDeadline,
    /// Sends more often than it may.
    IgnoresRetryLimit,
    /// Claims that nothing was sent whenever no response came.
    ClaimsNeverSent,
}

impl Mutant {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::NewKeyPerAttempt,
        Self::OtherBytesPerAttempt,
        Self::ResendsConflict,
        Self::TakesConflictForRefusal,
        Self::LastAttemptDecides,
        Self::SessionPerCall,
        Self::TakesRefusalForBadToken,
        Self::FollowsAnyPayment,
        Self::TrustsForeignLocation,
        Self::FollowsRedirects,
        Self::NeverSavesKey,
        Self::RestartsAtNeverSent,
        Self::IgnoresKeyAge,
        Self::PaysAgainWhenUnknown,
        Self::IgnoresDeadline,
        Self::IgnoresRetryLimit,
        Self::ClaimsNeverSent,
    ];
}

impl World<'_> {
    /// What a wrong client changes about a request.
    pub(super) fn spoil_request(&mut self, process: usize, job: usize, exchange: &mut Exchange) {
        let Some(mutant) = self.mutant else { return };
        let Some(task) = &mut self.processes[process].tasks[job] else { return };
        let writes = exchange.request.method() == Method::POST;
        let resends = task.sends > 0;
        let mut key = task.spoilt.key;
        match mutant {
            Mutant::NewKeyPerAttempt if resends => {
                key = Some(another_key(task, exchange));
            }
            Mutant::OtherBytesPerAttempt if resends && writes => {
                let mut body = exchange.request.body().to_vec();
                body.push(b' ');
                *exchange.request.body_mut() = body.into();
            }
            Mutant::FollowsRedirects => {
                if let Some(uri) = task.spoilt.redirect.take().and_then(|it| it.parse::<Uri>().ok())
                {
                    *exchange.request.uri_mut() = uri;
                }
            }
            _ => {}
        }
        if let Some(text) = key.filter(|_| writes).map(|key| key.to_string())
            && let Ok(value) = HeaderValue::from_str(&text)
        {
            exchange.request.headers_mut().insert("idempotency-key", value);
        }
    }

    /// What a wrong client makes of a response.
    pub(super) fn spoil_response(
        &mut self,
        id: usize,
        mut outcome: Result<Response<Bytes>, Fault>,
    ) -> Result<Response<Bytes>, Fault> {
        let Some(mutant) = self.mutant else { return outcome };
        let carried = &self.carried[id];
        if carried.is_token {
            return outcome;
        }
        let (process, job, run) = (carried.process, carried.job, carried.run);
        let writes = carried.key.is_some();
        let path = carried.request.uri().path();
        let cents = self.processes[process].jobs[job].plan.cents;
        let rail = self.processes[process].jobs[job].plan.what.name().to_uppercase();
        let status = outcome.as_ref().map_or(0, |response| response.status().as_u16());
        match (mutant, &mut outcome) {
            (Mutant::ClaimsNeverSent, Err(fault)) => fault.sent = Sent::No,
            (Mutant::TakesRefusalForBadToken, Ok(_)) if matches!(status, 400 | 404 | 422) => {
                return Ok(bare(401));
            }
            (Mutant::ResendsConflict, Ok(_)) if writes && status == 409 => {
                let entropy = self.entropy(process, job, run.wrapping_add(1000));
                if let Some(task) = self.processes[process].task(job, run) {
                    task.spoilt.key = Some(IdempotencyKey::from_entropy(entropy.key));
                }
                return Ok(bare(503));
            }
            (Mutant::FollowsRedirects, Ok(redirect)) if matches!(status, 300..=399) => {
                let to = redirect.headers().get(LOCATION).and_then(|to| to.to_str().ok());
                let to = to.map(str::to_owned);
                if let Some(task) = self.processes[process].task(job, run) {
                    task.spoilt.redirect = to;
                }
                return Ok(bare(503));
            }
            (Mutant::TrustsForeignLocation, Ok(outcome)) => {
                let id = outcome.headers().get(LOCATION).and_then(|it| it.to_str().ok());
                let id = id.and_then(|it| it.rsplit('/').next());
                let own = id.and_then(|id| format!("/v1/payments/{id}").parse().ok());
                if let Some(own) = own {
                    outcome.headers_mut().insert(LOCATION, own);
                }
            }
            (Mutant::FollowsAnyPayment, Ok(outcome)) if path.starts_with("/v1/payments/") => {
                let id = BankJson::of(outcome.body()).payment_id;
                if let Some(payment_id) = id.filter(|_| !writes) {
                    let claimed = Payment {
                        payment_id,
                        r#type: rail,
                        amount: Money::from_cents(cents),
                        status: "P_COMPLETED",
                    };
                    *outcome.body_mut() = serde_json::to_vec(&claimed).unwrap_or_default().into();
                }
            }
            _ => {}
        }
        outcome
    }
}

/// The payment that a response is changed to.
#[derive(Serialize)]
struct Payment {
    #[serde(rename = "paymentId")]
    payment_id: PaymentId,
    r#type: String,
    amount: Money,
    status: &'static str,
}

/// Derived from the right one, so that a schedule stays the same from run to run.
fn another_key(task: &Task, exchange: &Exchange) -> IdempotencyKey {
    let own = key_of(exchange).map(|key| *key.as_uuid().as_bytes()).unwrap_or_default();
    let mut bytes = own;
    bytes[0] ^= u8::try_from(task.sends).unwrap_or(u8::MAX);
    IdempotencyKey::from_entropy(bytes)
}
