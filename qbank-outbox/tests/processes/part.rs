//! What a process of the tests does: this test program once more, with one test, which is none.

use std::io::Write as _;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use qbank_blocking::{Client, Config, Credentials, Environment, Ureq};
use qbank_hyper::Hyper;
use qbank_outbox::{
    BlockingPostgres, Command, Intent, Options, Postgres, Sqlite, Stop, Store, StoreError, Worker,
};
use qbank_proto::EventId;
use qbank_proto::endpoint::PaymentStatus;
use qbank_proto::webhook::Event;
use qbank_sandbox::{CLIENT_ID, CLIENT_SECRET};

use crate::behaviour::invoice;

/// How its worker works, beside its name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) concurrency: usize,
    pub(crate) deadline: Duration,
    pub(crate) margin: Duration,
    pub(crate) max_key_age: Duration,
}

impl Limits {
    /// No lease runs out by itself.
    pub(crate) const LONG: Self = Self {
        concurrency: 4,
        deadline: Duration::from_secs(60),
        margin: Duration::from_secs(60),
        max_key_age: Duration::from_secs(24 * 3600),
    };

    pub(crate) fn options(self, worker: String) -> Options {
        let mut options = Options::new(worker);
        options.concurrency = self.concurrency;
        options.deadline = self.deadline;
        options.margin = self.margin;
        options.max_key_age = self.max_key_age;
        options.interval = Duration::from_millis(50);
        options.until_empty = true;
        options
    }

    pub(crate) fn to_text(self) -> String {
        let millis = [self.deadline, self.margin, self.max_key_age].map(|it| it.as_millis());
        format!("{} {} {} {}", self.concurrency, millis[0], millis[1], millis[2])
    }

    fn of_text(text: &str) -> Self {
        let numbers: Vec<u64> = text.split(' ').map(|it| it.parse().unwrap()).collect();
        let millis = |at: usize| Duration::from_millis(numbers[at]);
        Self {
            concurrency: usize::try_from(numbers[0]).unwrap(),
            deadline: millis(1),
            margin: millis(2),
            max_key_age: millis(3),
        }
    }
}

fn variable<T: FromStr>(name: &str) -> T {
    let value = std::env::var(name).unwrap();
    value.parse().unwrap_or_else(|_| panic!("{name} is {value}"))
}

/// No test: what a process does.
#[test]
fn a_process_of_the_test() {
    let Ok(part) = std::env::var("OUTBOX_PART") else { return };
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    writeln!(std::io::stderr(), "clock={}", clock.as_secs()).unwrap();
    let address: String = variable("OUTBOX_STORE");
    match &part[..] {
        "worker" => worker(open(&address).unwrap()),
        "tokio worker" => tokio_worker(&address),
        "migrate" => migrate(&address),
        _ => operate(&part, &mut *open(&address).unwrap()),
    }
}

fn open(address: &str) -> Result<Box<dyn Store>, StoreError> {
    Ok(match address.strip_prefix("sqlite:") {
        Some(path) => Box::new(Sqlite::open(path)?),
        None => Box::new(BlockingPostgres::connect(address)?),
    })
}

fn migrate(address: &str) {
    match address.strip_prefix("sqlite:") {
        Some(path) => drop(Sqlite::migrate(path).unwrap()),
        None => drop(BlockingPostgres::migrate(address).unwrap()),
    }
}

fn config() -> Config {
    let port = variable("OUTBOX_PORT");
    Config::new(Environment::Sandbox { port }, Credentials::client(CLIENT_ID, CLIENT_SECRET))
}

fn options() -> Options {
    let limits = Limits::of_text(&variable::<String>("OUTBOX_LIMITS"));
    limits.options(format!("worker:{}", std::process::id()))
}

fn worker(store: Box<dyn Store>) {
    let client = Client::with_driver(config(), Ureq::default()).unwrap();
    Worker::new(client, store).options(options()).run(&Stop::new()).unwrap();
}

fn tokio_worker(address: &str) {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).enable_all().build().unwrap().block_on(async {
        let client = qbank_hyper::Client::with_driver(config(), Hyper::default()).unwrap();
        let store = Postgres::connect(address).await.unwrap();
        Worker::new(client, store).options(options()).run_async(&Stop::new()).await.unwrap();
    });
}

/// Does an operation of the store, by its name.
fn operate(name: &str, store: &mut dyn Store) {
    match name {
        "enqueue" => {
            let new: Vec<Intent> = (900..903).map(invoice).collect();
            store.enqueue(&new).unwrap();
        }
        "command" => match store.command(variable("OUTBOX_ROW"), &cancel()) {
            // It was done before.
            Ok(_) | Err(StoreError::Refused(_)) => {}
            Err(error) => panic!("{error}"),
        },
        "pause" => store.pause("maintenance").unwrap(),
        "resume" => store.resume().unwrap(),
        "webhook" => webhook(store),
        "prune" => {
            let soon = chrono::DateTime::from_timestamp(4_000_000_000, 0).unwrap();
            store.prune(soon, "auditor").unwrap();
        }
        "after_restore" => {
            store.after_restore("admin").unwrap();
        }
        _ => panic!("there is no operation {name}"),
    }
}

fn cancel() -> Command {
    Command::Cancel { actor: "treasurer".to_owned() }
}

/// The bank reports that the payment of a row is completed.
fn webhook(store: &mut dyn Store) {
    let payment = store.evidence(variable("OUTBOX_ROW")).unwrap().unwrap().row.payment_id.unwrap();
    let client = Client::with_driver(config(), Ureq::default()).unwrap();
    let mut payment = client.payments().get(payment).send().unwrap().value;
    payment.status = Some(PaymentStatus::Completed);
    let event = EventId::from_uuid(uuid::Uuid::from_u128(7));
    store.apply_webhook(&Event::new(event, payment)).unwrap();
}
