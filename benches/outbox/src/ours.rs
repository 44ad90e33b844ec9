//! The outbox as a contestant: a process that enqueues, waits for the word to start, and works until no
//! row is open. The others do the same: see `graphile/src/main.rs` and `python/queue.py`.

use std::io::BufRead;
use std::time::{Duration, Instant};

use bench_core::Failure;
use qbank_hyper::endpoint::CreateAch;
use qbank_hyper::{AccountId, Config, Credentials, Environment};
use qbank_outbox::{End, Intent, Options, Postgres, Sqlite, Stop, Store as _, Worker};

/// How many one transaction enqueues.
pub(crate) const AT_ONCE: usize = 500;

const FROM: &str = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10";
const TO: &str = "7a2d1fab-63b6-4d97-8d20-1b5c8e4f3021";

/// So many payments.
pub(crate) fn intents(from: usize, to: usize) -> Result<Vec<Intent>, Failure> {
    let (source, destination): (AccountId, AccountId) = (FROM.parse()?, TO.parse()?);
    (from..to)
        .map(|n| {
            let amount = format!("{}.50", n % 100 + 1).parse()?;
            let payment = CreateAch::new(source, destination, amount);
            Ok(Intent::new(payment).id(format!("INV-{n}")).actor("ap.clerk"))
        })
        .collect()
}

fn config(port: u16) -> Config {
    Config::new(Environment::Sandbox { port }, Credentials::client("bench", "bench-secret"))
}

fn options(concurrency: usize) -> Options {
    let mut options = Options::new("bench");
    options.concurrency = concurrency;
    options.until_empty = true;
    options
}

/// Prints how long it took to enqueue, and waits for the word to start to work.
fn enqueued(took: Duration) -> Result<(), Failure> {
    println!("enqueued {}", took.as_secs_f64());
    std::io::stdin().lock().read_line(&mut String::new())?;
    Ok(())
}

fn done(end: &End, took: Duration) -> Result<(), Failure> {
    if *end != End::Empty {
        return Err(format!("the worker ended with {end:?}").into());
    }
    println!("done {}", took.as_secs_f64());
    Ok(())
}

/// On Postgres, with the worker for tokio.
pub(crate) async fn postgres(
    url: &str,
    port: u16,
    jobs: usize,
    concurrency: usize,
) -> Result<(), Failure> {
    let store = Postgres::migrate(url).await?;
    let intents = intents(0, jobs)?;
    let began = Instant::now();
    for intents in intents.chunks(AT_ONCE) {
        store.enqueue_all(intents).await?;
    }
    enqueued(began.elapsed())?;
    let client = qbank_hyper::Client::new(config(port))?;
    let began = Instant::now();
    let end =
        Worker::new(client, store).options(options(concurrency)).run_async(&Stop::new()).await?;
    done(&end, began.elapsed())
}

/// On SQLite, with the worker of threads.
pub(crate) fn sqlite(
    path: &str,
    port: u16,
    jobs: usize,
    concurrency: usize,
) -> Result<(), Failure> {
    let mut store = Sqlite::migrate(path)?;
    let intents = intents(0, jobs)?;
    let began = Instant::now();
    for intents in intents.chunks(AT_ONCE) {
        store.enqueue(intents)?;
    }
    enqueued(began.elapsed())?;
    let client = qbank_blocking::Client::new(config(port))?;
    let began = Instant::now();
    let end = Worker::new(client, store).options(options(concurrency)).run(&Stop::new())?;
    done(&end, began.elapsed())
}
