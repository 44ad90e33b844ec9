//! The payments, over each driver with its defaults.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use qbank_blocking::Ureq;
use qbank_hyper::Hyper;
use qbank_proto::endpoint::{Beneficiary, CreateAch, CreateTransfer, CreateWire};
use qbank_proto::{
    Amount, Config, Credentials, Entropy, Environment, Error, IdempotencyKey, PaymentId, Reply,
};
use qbank_sandbox::{CLIENT_ID, CLIENT_SECRET, OPERATING, PAYROLL, SAVINGS};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{Failure, Options, Paid, Transport};

pub(crate) fn hyper(options: &Options) -> Result<Vec<Paid>, Failure> {
    let mut builder = Hyper::builder().root_certificates(options.ca.as_bytes())?.no_proxy();
    if options.transport == Transport::Http1 {
        builder = builder.http1_only();
    }
    let client = qbank_hyper::Client::with_driver(config(options), builder.build())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let slots = Arc::new(Semaphore::new(options.in_flight));
        let mut tasks = JoinSet::new();
        for number in 0..options.payments {
            let (client, slot) = (client.clone(), Arc::clone(&slots).acquire_owned().await?);
            tasks.spawn(async move {
                let key = key()?;
                let paid = match Payment::of(number)? {
                    Payment::Ach(it) => {
                        let sent = client.payments().create_ach(it).key(key).send().await;
                        Paid::of(key, sent, |value| value.payment_id)
                    }
                    Payment::Wire(it) => {
                        let sent = client.payments().create_wire(it).key(key).send().await;
                        Paid::of(key, sent, |value| Some(value.payment_id))
                    }
                    Payment::Transfer(it) => {
                        let sent = client.transfers().create(it).key(key).send().await;
                        Paid::of(key, sent, |value| value.location)
                    }
                };
                drop(slot);
                Ok::<_, Failure>(paid)
            });
        }
        tasks.join_all().await.into_iter().collect()
    })
}

pub(crate) fn blocking(options: &Options) -> Result<Vec<Paid>, Failure> {
    let driver = Ureq::builder().root_certificates(options.ca.as_bytes())?.no_proxy().build();
    let client = qbank_blocking::Client::with_driver(config(options), driver)?;
    let next = AtomicUsize::new(0);
    let work = || {
        let mut paid = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= options.payments {
                return Ok(paid);
            }
            let key = key()?;
            paid.push(match Payment::of(number)? {
                Payment::Ach(it) => {
                    let sent = client.payments().create_ach(it).key(key).send();
                    Paid::of(key, sent, |value| value.payment_id)
                }
                Payment::Wire(it) => {
                    let sent = client.payments().create_wire(it).key(key).send();
                    Paid::of(key, sent, |value| Some(value.payment_id))
                }
                Payment::Transfer(it) => {
                    let sent = client.transfers().create(it).key(key).send();
                    Paid::of(key, sent, |value| value.location)
                }
            });
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..options.in_flight).map(|_| scope.spawn(work)).collect();
        let mut all = Vec::new();
        for thread in threads {
            let paid: Result<Vec<Paid>, Failure> =
                thread.join().map_err(|_| Failure::from("a thread has panicked"))?;
            all.extend(paid?);
        }
        Ok(all)
    })
}

/// Nothing but the bank and the credentials: the defaults are what is tested.
fn config(options: &Options) -> Config {
    Config::new(Environment::custom(&options.url), Credentials::client(CLIENT_ID, CLIENT_SECRET))
}

enum Payment {
    Ach(CreateAch),
    Wire(CreateWire),
    Transfer(CreateTransfer),
}

impl Payment {
    /// Each of another kind than the one before.
    fn of(number: usize) -> Result<Self, Failure> {
        let amount = Amount::from_cents(100 + i64::try_from(number)?)?;
        Ok(match number % 3 {
            0 => Self::Ach(CreateAch::new(OPERATING, PAYROLL, amount)),
            1 => {
                let beneficiary = Beneficiary::new("ACME", "021000021".parse()?, "123456789");
                Self::Wire(CreateWire::new(OPERATING, beneficiary, amount, "INV-8"))
            }
            _ => Self::Transfer(CreateTransfer::new(OPERATING, SAVINGS, amount)),
        })
    }
}

fn key() -> Result<IdempotencyKey, Failure> {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
    Ok(IdempotencyKey::from_entropy(Entropy::from_bytes(bytes).key))
}

impl Paid {
    fn of<T>(
        key: IdempotencyKey,
        sent: Result<Reply<T>, Error>,
        payment: fn(&T) -> Option<PaymentId>,
    ) -> Self {
        match sent {
            Ok(reply) => Self {
                key,
                attempts: reply.attempts.iter().map(|attempt| attempt.fate).collect(),
                followed: reply.followed,
                result: Ok(payment(&reply.value)),
            },
            Err(error) => Self {
                key,
                attempts: error.attempts().iter().map(|attempt| attempt.fate).collect(),
                followed: false,
                result: Err(error),
            },
        }
    }
}
