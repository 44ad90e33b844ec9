//! The same payments through `graphile_worker`: enqueued, then worked off.
//!
//! `bench-outbox-graphile URL PORT JOBS CONCURRENCY one|batched`
//!
//! Prints `enqueued SECONDS`, waits for a line, works until its table of jobs is empty, and
//! prints `done SECONDS`. The default driver, sqlx. `one`: as it is by default, a commit for each
//! job that is fetched and one for each that is done. `batched`: jobs are fetched a hundred at a
//! time (`local_queue`), and completions are collected (`complete_job_batch_delay`). In both a
//! job is done when its deletion is committed. `POLL` and `DELAY` (milliseconds), `SIZE` and
//! `QUEUES` in the environment try other settings.

use std::io::BufRead;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use graphile_worker::{
    IntoTaskHandlerResult, JobSpec, LocalQueueConfig, RawJobSpec, RefetchDelayConfig, TaskHandler,
    WorkerContext, WorkerOptions,
};
use http_body_util::{BodyExt, Full};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use hyper::{Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How many jobs one call enqueues.
const AT_ONCE: usize = 500;

/// What a job knows of its payment: the key and the body, as the outbox keeps them.
#[derive(Debug, Serialize, Deserialize)]
struct Pay {
    key: Uuid,
    body: String,
}

/// The bank, and a client of the same library that the outbox's driver is made of.
#[derive(Debug, Clone)]
struct Bank {
    http: Client<HttpConnector, Full<Bytes>>,
    url: Arc<str>,
}

impl TaskHandler for Pay {
    const IDENTIFIER: &'static str = "pay";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let bank = context.get_ext::<Bank>().ok_or("no bank")?;
        bank.pay(self).await.map_err(|error| error.to_string())
    }
}

impl Bank {
    async fn pay(&self, pay: Pay) -> Result<(), Failure> {
        let request = Request::post(&*self.url)
            .header(AUTHORIZATION, "Bearer benchmark-token")
            .header(CONTENT_TYPE, "application/json")
            .header("Idempotency-Key", pay.key.to_string())
            .body(Full::new(Bytes::from(pay.body)))?;
        let response = self.http.request(request).await?;
        let (head, body) = response.into_parts();
        body.collect().await?;
        if head.status != StatusCode::ACCEPTED {
            return Err(format!("the bank's response is {}", head.status).into());
        }
        let location = head.headers.get(LOCATION).ok_or("no Location")?.to_str()?;
        Uuid::try_parse(location.rsplit('/').next().unwrap_or_default())?;
        Ok(())
    }
}

fn main() -> Result<(), Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?
        .block_on(run())
}

async fn run() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, port, jobs, concurrency, mode] = &arguments[..] else {
        return Err("URL PORT JOBS CONCURRENCY one|batched".into());
    };
    let (jobs, concurrency): (usize, usize) = (jobs.parse()?, concurrency.parse()?);
    let mut http = HttpConnector::new();
    http.set_nodelay(true);
    let bank = Bank {
        http: Client::builder(TokioExecutor::new()).build(http),
        url: format!("http://127.0.0.1:{port}/v1/payments/ach").into(),
    };
    let setting = |name: &str, or: usize| {
        std::env::var(name).ok().and_then(|it| it.parse().ok()).unwrap_or(or)
    };
    // A connection for each slot, and those that the worker itself needs.
    let connections = u32::try_from(concurrency)? + 8;
    let mut options = WorkerOptions::default()
        .database_url(url)
        .max_pg_conn(connections)
        .concurrency(concurrency)
        // At each of these every slot takes one job, if it fetches them itself.
        .poll_interval(Duration::from_millis(setting("POLL", 1) as u64))
        .add_extension(bank)
        .define_job::<Pay>();
    if mode == "batched" {
        let size = setting("SIZE", 4 * concurrency);
        let delay =
            RefetchDelayConfig::default().with_duration(Duration::from_millis(1)).with_threshold(0);
        let queue = LocalQueueConfig::default()
            .with_size(size)
            .with_queue_count(setting("QUEUES", 1))
            .with_refetch_delay(delay);
        options = options
            .local_queue(queue)
            .complete_job_batch_delay(Duration::from_millis(setting("DELAY", 5) as u64));
    }
    let worker = Arc::new(options.init().await?);
    let utils = worker.create_utils();
    let pays: Vec<RawJobSpec> = (0..jobs).map(job).collect::<Result<_, _>>()?;
    let began = Instant::now();
    for pays in pays.chunks(AT_ONCE) {
        utils.add_raw_jobs(pays).await?;
    }
    println!("enqueued {}", began.elapsed().as_secs_f64());
    std::io::stdin().lock().read_line(&mut String::new())?;
    let began = Instant::now();
    let mut working = tokio::spawn({
        let worker = Arc::clone(&worker);
        async move { worker.run().await }
    });
    let left = "SELECT 1 FROM graphile_worker._private_jobs LIMIT 1";
    while sqlx::query(left).fetch_optional(worker.pg_pool()).await?.is_some() {
        if let Ok(ended) = tokio::time::timeout(Duration::from_millis(2), &mut working).await {
            return Err(format!("the worker ended early: {ended:?}").into());
        }
    }
    println!("done {}", began.elapsed().as_secs_f64());
    worker.request_shutdown();
    working.await??;
    Ok(())
}

fn job(n: usize) -> Result<RawJobSpec, Failure> {
    let body = format!(
        r#"{{"source_account_id":"6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10","destination_account_id":"7a2d1fab-63b6-4d97-8d20-1b5c8e4f3021","amount":{}.50}}"#,
        n % 100 + 1
    );
    Ok(RawJobSpec {
        identifier: "pay".to_owned(),
        payload: serde_json::to_value(Pay { key: Uuid::new_v4(), body })?,
        spec: JobSpec::default(),
    })
}
