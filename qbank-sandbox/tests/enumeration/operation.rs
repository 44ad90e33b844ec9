//! What is asked of the bank.

use bytes::Bytes;
use qbank_proto::endpoint::{
    Beneficiary, CreateAch, CreateTransfer, CreateWire, Endpoint, GetBalance, Write,
};
use qbank_proto::{
    Call, CallOptions, Error, ErrorKind, Fate, IdempotencyKey, Machine, Money, PaymentId, Reply,
    Session, WriteOptions,
};
use qbank_sandbox::{OPERATING, SAVINGS};

/// What is asked of the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    Ach,
    Wire,
    Transfer,
    /// Accepted, and rejected by the core at the end of the day.
    AchThatFails,
    /// Rejected by the core in the response.
    WireThatFails,
    /// Refused by the bank's checks.
    WireThatIsRefused,
    /// Reads a balance.
    Read,
}

/// The machine of a call, whatever its operation.
pub type Running = Box<dyn Machine<Output = Ended>>;

/// How a call ended.
#[derive(Debug, Clone)]
pub struct Ended {
    pub fate: Fate,
    pub kind: Option<ErrorKind>,
    /// Of each attempt alone.
    pub attempts: Vec<Fate>,
    pub key: Option<IdempotencyKey>,
    pub first_sent: Option<qbank_proto::chrono::DateTime<qbank_proto::chrono::Utc>>,
    /// The payment that is named.
    pub payment: Option<PaymentId>,
    /// Of the bank's record, where one was seen.
    pub amount: Option<Money>,
    pub followed: bool,
}

/// A write before its first send.
pub struct Prepared {
    pub machine: Running,
    pub body: Bytes,
}

/// What is paid, in cents: recognises the intent in the ledger whatever its key.
pub const CENTS: i64 = 12_345;

impl Operation {
    pub fn path(self) -> &'static str {
        match self {
            Self::Ach | Self::AchThatFails => "/v1/payments/ach",
            Self::Wire | Self::WireThatFails | Self::WireThatIsRefused => "/v1/payments/wire",
            Self::Transfer => "/v1/transfers",
            Self::Read => "/v1/balances/acc00000-0000-4000-8000-000000000001",
        }
    }

    pub fn is_ach(self) -> bool {
        matches!(self, Self::Ach | Self::AchThatFails)
    }

    pub fn writes(self) -> bool {
        self != Self::Read
    }

    /// The call that pays.
    pub fn write(self, session: &Session, options: WriteOptions) -> Prepared {
        let amount = qbank_proto::Amount::from_cents(CENTS).unwrap();
        match self {
            Self::Ach | Self::Read => {
                let payment = CreateAch::new(OPERATING, SAVINGS, amount);
                prepared(session, payment, options, |accepted| accepted.payment_id)
            }
            Self::AchThatFails => {
                let payment = CreateAch::new(OPERATING, SAVINGS, amount);
                let payment = payment.reference_id("SBX-CORE-FUNDS");
                prepared(session, payment, options, |accepted| accepted.payment_id)
            }
            Self::Transfer => {
                let transfer = CreateTransfer::new(OPERATING, SAVINGS, amount);
                prepared(session, transfer, options, |accepted| accepted.location)
            }
            Self::Wire => wire(session, "INV-8", options),
            Self::WireThatFails => wire(session, "SBX-CORE-FUNDS", options),
            Self::WireThatIsRefused => wire(session, "SBX-VALIDATION-FUNDS", options),
        }
    }
}

fn wire(session: &Session, reference: &str, options: WriteOptions) -> Prepared {
    let amount = qbank_proto::Amount::from_cents(CENTS).unwrap();
    let beneficiary = Beneficiary::new("ACME", "021000021".parse().unwrap(), "123456789");
    let payment = CreateWire::new(OPERATING, beneficiary, amount, reference);
    prepared(session, payment, options, |payment| Some(payment.payment_id))
}

/// The call that only reads.
pub fn read(session: &Session) -> Running {
    let call = Call::new(session, GetBalance::new(OPERATING), CallOptions::new(), JITTER);
    Box::new(call.map(|result| Ended::of(result, |_| None)))
}

fn prepared<E: Endpoint<Effect = Write>>(
    session: &Session,
    endpoint: E,
    options: WriteOptions,
    payment: fn(E::Output) -> Option<PaymentId>,
) -> Prepared {
    let call = Call::erased(session, endpoint, options, JITTER, payment);
    let body = call.body().clone();
    Prepared { machine: Box::new(call.map(|result| Ended::of(result, |id| *id))), body }
}

/// Any: it spreads retries, and no rule depends on it.
const JITTER: u64 = 7;

impl Ended {
    fn of<T>(result: Result<Reply<T>, Error>, payment: fn(&T) -> Option<PaymentId>) -> Self {
        match result {
            Ok(reply) => Self {
                fate: reply.fate,
                kind: None,
                attempts: reply.attempts.iter().map(|attempt| attempt.fate).collect(),
                key: reply.key,
                first_sent: reply.first_sent,
                payment: payment(&reply.value),
                amount: None,
                followed: reply.followed,
            },
            Err(error) => Self {
                fate: error.fate(),
                kind: Some(error.kind()),
                attempts: error.attempts().iter().map(|attempt| attempt.fate).collect(),
                key: error.key(),
                first_sent: error.first_sent(),
                payment: error.transaction_id(),
                amount: error.payment().and_then(|payment| payment.amount),
                followed: false,
            },
        }
    }
}
