//! Calls per second with 64 in flight over loopback, TLS off: `qbank-hyper`
//! against a bare `hyper-util` client that does the same requests and reads the
//! same values. Interleaved in one run; the figure is the ratio.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, header};
use hyper_util::client::legacy::Client as Bare;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use qbank_benches::{ACCOUNT, Bank, median_and_spread, runtime, serve_if_asked};
use qbank_hyper::endpoint::CreateAch;
use qbank_hyper::{
    AccountId, Client, Config, Credentials, Environment, Fields, IdempotencyKey, Money, kind,
};
use tokio::task::JoinSet;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const IN_FLIGHT: usize = 64;
const ROUNDS: usize = 15;

fn main() -> Result<(), Failure> {
    if serve_if_asked() {
        return Ok(());
    }
    let round = Duration::from_millis(700);
    let bank = Bank::start(false, 0)?;
    let runtime = runtime()?;
    runtime.block_on(async {
        let ours = ours(bank.port)?;
        let bare = Floor::new(bank.port);
        println!("| calls, {IN_FLIGHT} in flight | bare hyper-util /s | qbank-hyper /s | ratio |");
        println!("|---|---|---|---|");
        for post in [false, true] {
            let (mut floor, mut mine) = (Vec::new(), Vec::new());
            for number in 0..=ROUNDS {
                let bare = bare.clone();
                let b = rate(round, move || bare.clone().call(post)).await?;
                let ours = ours.clone();
                let o = rate(round, move || our_call(ours.clone(), post)).await?;
                // The first round warms up.
                if number > 0 {
                    floor.push(b);
                    mine.push(o);
                }
            }
            let ratios = mine.iter().zip(&floor).map(|(o, b)| o / b).collect();
            let (b, b_spread) = median_and_spread(floor);
            let (o, o_spread) = median_and_spread(mine);
            let (ratio, spread) = median_and_spread(ratios);
            let name = if post { "POST /payments/ach" } else { "GET /balances/{accountId}" };
            println!(
                "| {name} | {b:.0} ± {b_spread:.0} | {o:.0} ± {o_spread:.0} | {ratio:.3} ± {spread:.3} |"
            );
        }
        Ok(())
    })
}

/// Calls per second, with so many in flight for so long.
async fn rate<F, T>(time: Duration, call: F) -> Result<f64, Failure>
where
    F: Fn() -> T + Clone + Send + 'static,
    T: Future<Output = Result<(), Failure>> + Send + 'static,
{
    let begun = Instant::now();
    let mut lanes = JoinSet::new();
    for _ in 0..IN_FLIGHT {
        let call = call.clone();
        lanes.spawn(async move {
            let mut done = 0_u32;
            while begun.elapsed() < time {
                call().await?;
                done += 1;
            }
            Ok::<_, Failure>(done)
        });
    }
    let mut total = 0.0;
    while let Some(done) = lanes.join_next().await {
        total += f64::from(done??);
    }
    Ok(total / begun.elapsed().as_secs_f64())
}

fn ours(port: u16) -> Result<Client, Failure> {
    let credentials = Credentials::client("bench", "bench-secret");
    Ok(Client::new(Config::new(Environment::Sandbox { port }, credentials))?)
}

async fn our_call(client: Client, post: bool) -> Result<(), Failure> {
    let account: AccountId = ACCOUNT.parse()?;
    if post {
        let payment = CreateAch::new(account, account, "1000.50".parse()?);
        let reply = client.payments().create_ach(payment).send().await?;
        assert!(reply.value.payment_id.is_some());
    } else {
        let reply = client.balances().get(account).send().await?;
        assert!(reply.value.current_balance.is_some());
    }
    Ok(())
}

/// The same by hand: a request built from known parts, the same members read.
#[derive(Clone)]
struct Floor {
    client: Bare<HttpConnector, Full<Bytes>>,
    get: hyper::Uri,
    post: hyper::Uri,
    bearer: header::HeaderValue,
}

impl Floor {
    fn new(port: u16) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Bare::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .build(connector);
        let uri = |path: String| {
            format!("http://127.0.0.1:{port}/v1{path}").parse().unwrap_or_default()
        };
        Self {
            client,
            get: uri(format!("/balances/{ACCOUNT}")),
            post: uri("/payments/ach".to_owned()),
            bearer: header::HeaderValue::from_static("Bearer benchmark-token"),
        }
    }

    async fn call(self, post: bool) -> Result<(), Failure> {
        let request = if post { self.write()? } else { self.read()? };
        let response = self.client.request(request).await?;
        let (head, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        if post {
            let location = head.headers.get(header::LOCATION).ok_or("no location")?.to_str()?;
            let id = location.rsplit('/').next().unwrap_or_default();
            let _: qbank_hyper::PaymentId = id.parse()?;
        } else {
            let fields = Fields::parse(&body)?;
            let _ = fields.id::<kind::Account>(&["accountId"])?;
            let available: Option<Money> = fields.money(&["availableBalance"]);
            let current: Option<Money> = fields.money(&["currentBalance"]);
            let _ = (fields.string(&["currency"])?, fields.timestamp(&["last_updated_timestamp"])?);
            assert!(available.is_some() && current.is_some());
        }
        Ok(())
    }

    fn read(&self) -> Result<Request<Full<Bytes>>, Failure> {
        Ok(Request::get(self.get.clone())
            .header(header::AUTHORIZATION, self.bearer.clone())
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, "floor")
            .body(Full::default())?)
    }

    fn write(&self) -> Result<Request<Full<Bytes>>, Failure> {
        let account: AccountId = ACCOUNT.parse()?;
        let amount: Money = "1000.50".parse()?;
        let body = serde_json::to_vec(&Body {
            source_account_id: account,
            destination_account_id: account,
            amount,
        })?;
        let mut entropy = [0; 16];
        getrandom(&mut entropy);
        let key = IdempotencyKey::from_entropy(entropy);
        Ok(Request::post(self.post.clone())
            .header(header::AUTHORIZATION, self.bearer.clone())
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, "floor")
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", key.to_string())
            .body(Full::new(body.into()))?)
    }
}

#[derive(serde::Serialize)]
struct Body {
    source_account_id: AccountId,
    destination_account_id: AccountId,
    amount: Money,
}

fn getrandom(bytes: &mut [u8]) {
    if getrandom::fill(bytes).is_err() {
        std::process::abort();
    }
}
