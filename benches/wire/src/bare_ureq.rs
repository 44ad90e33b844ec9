//! The floor of the blocking driver: a bare `ureq` agent with a limit on each phase,
//! a request made once and cloned, the same values read.

use std::time::Duration;

use bench_core::Failure;
use qbank_blocking::ureq::http::{Request, Response, header};
use qbank_blocking::ureq::{Agent, Body};

use crate::{ACCOUNT, ACH, BEARER, KEY, What, read};

/// A bare agent and its requests.
pub struct Floor {
    agent: Agent,
    get: Request<()>,
    post: Request<&'static str>,
}

impl Floor {
    /// For the bank at this port, with the limits that the driver has by default. No
    /// global one: it makes ureq resolve on a thread of its own, every call.
    pub fn new(port: u16) -> Result<Self, Failure> {
        let minute = Some(Duration::from_mins(1));
        let agent = Agent::config_builder()
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_send_request(minute)
            .timeout_send_body(minute)
            .timeout_recv_response(minute)
            .timeout_recv_body(minute)
            .http_status_as_error(false)
            .build()
            .into();
        let base = format!("http://127.0.0.1:{port}/v1");
        let balance = Request::get(format!("{base}/balances/{ACCOUNT}"))
            .header(header::AUTHORIZATION, BEARER)
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, "floor")
            .body(())?;
        let payment = Request::post(format!("{base}/payments/ach"))
            .header(header::AUTHORIZATION, BEARER)
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, "floor")
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", KEY)
            .body(ACH)?;
        Ok(Self { agent, get: balance, post: payment })
    }

    /// One call.
    pub fn call(&self, what: What) -> Result<(), Failure> {
        let answer: Response<Body> = match what {
            What::Get => self.agent.run(self.get.clone())?,
            What::Post => self.agent.run(self.post.clone())?,
        };
        let (head, mut body) = answer.into_parts();
        let body = body.read_to_vec()?;
        let location = head.headers.get(header::LOCATION).map(|it| it.to_str()).transpose()?;
        read(what, location, &body)
    }
}
