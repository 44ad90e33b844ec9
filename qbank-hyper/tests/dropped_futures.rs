//! A future may be dropped at any await point: the session stays healthy, and
//! the payment is safe to resume with its key.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "a test that cannot set up has failed"
)]

mod support;

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use qbank_hyper::bytes::Bytes;
use qbank_hyper::chrono::{DateTime, Utc};
use qbank_hyper::http::{Method, Request};
use qbank_hyper::{Client, Driver, Fate, IdempotencyKey};
use qbank_sandbox::{OPERATING, Server};
use support::{Random, SOON, ach, bank};
use tokio::time::timeout;

const ROUNDS: u64 = 2_500;

/// An intent that is not known to be accepted.
#[derive(Clone, Copy)]
struct Intent {
    key: IdempotencyKey,
    cents: i64,
    /// None: never polled so far.
    first: Option<DateTime<Utc>>,
}

impl Intent {
    fn new(random: &mut Random) -> Self {
        let mut entropy = [0; 16];
        entropy[..8].copy_from_slice(&random.next().to_le_bytes());
        entropy[8..].copy_from_slice(&random.next().to_le_bytes());
        Self {
            key: IdempotencyKey::from_entropy(entropy),
            cents: 1 + random.below(500) as i64,
            first: None,
        }
    }

    /// Pays, or resumes. The boxed future is what a driver gives.
    fn pay(&mut self, client: &Client) -> Pin<Box<dyn Future<Output = bool> + Send>> {
        let dollars = format!("{}.{:02}", self.cents / 100, self.cents % 100);
        let pending = client.payments().create_ach(ach(&dollars));
        let running = match self.first {
            None => pending.key(self.key).send(),
            Some(first) => pending.resume(qbank_hyper::Resume::new(self.key, first)).send(),
        };
        let now = client.driver().now().unix;
        self.first.get_or_insert(DateTime::from_timestamp(now.as_secs().cast_signed(), 0).unwrap());
        Box::pin(async move {
            match running.await {
                Ok(reply) => {
                    assert_eq!(reply.fate, Fate::Accepted);
                    true
                }
                Err(error) => {
                    // Only what was asked of the sandbox may go wrong.
                    assert!(error.attempts().len() <= 3, "{error}");
                    false
                }
            }
        })
    }
}

/// Polls at most so often, within so much time; then the future is dropped.
async fn for_a_while<F: Future>(running: F, polls: u64, time: Duration) -> Option<F::Output> {
    let mut running = pin!(running);
    let mut left = polls;
    let some = poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        running.as_mut().poll(cx).map(Some)
    });
    timeout(time, some).await.ok().flatten()
}

/// Asks the sandbox for trouble, or with `DELETE` for none.
fn order(bank: &Server, method: Method, fault: &str) {
    let bank = bank.bank();
    let mut bank = bank.lock();
    let mut request = Request::new(Bytes::from(fault.to_owned()));
    *request.method_mut() = method;
    *request.uri_mut() = "/_sandbox/faults".parse().unwrap();
    let now = bank.now();
    assert!(bank.handle(now, request).status().is_success(), "{fault}");
}

fn trouble(random: &mut Random) -> String {
    let path = ["/token", "/payments/ach", "/payments/*", "*"][random.below(4) as usize];
    let ms = random.below(4);
    let kind = match random.below(10) {
        0 | 1 => r#""kind":"revoke_token""#.to_owned(),
        2 | 3 => r#""kind":"drop_after_commit""#.to_owned(),
        4 => r#""kind":"refuse""#.to_owned(),
        5 => r#""kind":"truncate""#.to_owned(),
        6 => r#""kind":"in_flight""#.to_owned(),
        7 => r#""kind":"status","status":503"#.to_owned(),
        _ => format!(r#""kind":"delay","ms":{ms}"#),
    };
    format!(r#"{{"path":"{path}",{kind}}}"#)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_dropped_at_random_points_lose_and_double_nothing() {
    let mut random = Random::new();
    let bank = bank();
    let mut config = support::config(bank.addr().port()).deadline(Duration::from_secs(20));
    config.retry.base = Duration::from_millis(1);
    config.poll_interval = Duration::from_millis(2);
    let client = Client::new(config).unwrap();
    let total = bank.bank().lock().total();
    let mut intents: BTreeMap<String, Intent> = BTreeMap::new();
    let mut open: Vec<Intent> = Vec::new();
    let (mut dropped, mut ended, mut resumed) = (0_u64, 0_u64, 0_u64);

    for _ in 0..ROUNDS {
        if random.percent(40) {
            order(&bank, Method::POST, &trouble(&mut random));
        }
        let mut tasks = Vec::new();
        for _ in 0..2 + random.below(4) {
            let polls = random.below(9);
            let time = Duration::from_millis(random.below(4));
            if random.percent(25) {
                let read = client.balances().get(OPERATING).send();
                tasks.push((
                    None,
                    tokio::spawn(async move {
                        for_a_while(read, polls, time).await.map(|it| it.is_ok())
                    }),
                ));
                continue;
            }
            let mut intent = if !open.is_empty() && random.percent(40) {
                resumed += 1;
                open.swap_remove(random.below(open.len() as u64) as usize)
            } else {
                Intent::new(&mut random)
            };
            let running = intent.pay(&client);
            intents.insert(intent.key.to_string(), intent);
            let task = tokio::spawn(for_a_while(running, polls, time));
            tasks.push((Some(intent), task));
        }
        for (intent, task) in tasks {
            let outcome = task.await.unwrap();
            match outcome {
                None => dropped += 1,
                Some(_) => ended += 1,
            }
            open.extend(intent.filter(|_| outcome != Some(true)));
        }
        assert_eq!(client.session().waiting(), 0, "a follower was left behind");
    }

    order(&bank, Method::DELETE, "");
    let left_open = open.len();
    for mut intent in open {
        let running = intent.pay(&client);
        assert!(timeout(SOON, running).await.unwrap(), "the money is in doubt");
    }
    order(&bank, Method::POST, r#"{"kind":"revoke_token"}"#);
    let prompt = client.balances().get(OPERATING).send();
    timeout(SOON, prompt).await.expect("a lease leaked").unwrap();
    assert_eq!(client.session().waiting(), 0);

    let bank = bank.bank();
    let bank = bank.lock();
    let mut paid: BTreeMap<String, usize> = BTreeMap::new();
    for entry in bank.entries() {
        *paid.entry(entry.intent_key.to_string()).or_default() += 1;
    }
    assert!(paid.values().all(|times| *times == 1), "paid twice");
    assert!(paid.keys().eq(intents.keys()), "an intent was lost");
    let cents: i64 = intents.values().map(|intent| intent.cents).sum();
    let entered: i64 = bank.entries().iter().map(|it| it.amount.cents()).sum();
    assert_eq!(entered, cents);
    assert_eq!(bank.total(), total);
    println!(
        "{ROUNDS} rounds: {} intents, {dropped} futures dropped, {ended} ended, {resumed} resumed \
         in passing and {left_open} at the end",
        intents.len()
    );
    assert!(dropped > ROUNDS && ended > 0, "the seed does not cover it");
}
