//! The scenarios of `qbank-conformance`, over real sockets.
//!
//! `QBANK_SCENARIO=part_of_a_name` plays only some.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use qbank_conformance::client::{Runner, play};
use qbank_conformance::{Call, Outcome, Target, Transport, run_all};
use qbank_hyper::{Driver, Entropy, Hyper, Machine};

/// Over HTTP/1.1, or over whatever ALPN chooses.
struct Async {
    name: &'static str,
    http1_only: bool,
}

struct Over {
    driver: Hyper,
    runtime: tokio::runtime::Runtime,
}

impl Runner for Over {
    fn run<M>(&self, machine: M) -> M::Output
    where
        M: Machine + Send + 'static,
        M::Output: Send + 'static,
    {
        self.runtime.block_on(self.driver.drive(machine))
    }

    fn entropy(&self) -> Entropy {
        self.driver.entropy()
    }
}

impl Transport for Async {
    fn name(&self) -> &str {
        self.name
    }

    fn play(&self, target: &Target, call: &Call) -> Outcome {
        let mut builder = Hyper::builder();
        if let Some(pem) = &target.ca_pem {
            builder = builder.root_certificates(pem.as_bytes()).unwrap();
        }
        if let (Some(chain), Some(key)) = (&target.client_certificate_pem, &target.client_key_pem) {
            builder = builder.client_certificate(chain.as_bytes(), key.as_bytes()).unwrap();
        }
        if self.http1_only {
            builder = builder.http1_only();
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        play(&Over { driver: builder.build(), runtime }, target, call)
    }
}

#[test]
fn every_scenario_is_met_over_http_1() {
    let summary = run_all(&Async { name: "hyper", http1_only: true });
    assert!(summary.failures.is_empty(), "{} scenarios are not met", summary.failures.len());
}

#[test]
fn every_scenario_is_met_with_http_2_offered() {
    let summary = run_all(&Async { name: "hyper-h2", http1_only: false });
    assert!(summary.failures.is_empty(), "{} scenarios are not met", summary.failures.len());
}
