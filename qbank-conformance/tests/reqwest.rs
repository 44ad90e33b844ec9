//! The transport of the guide "Write a transport" meets every scenario, over real sockets.
//!
//! `QBANK_SCENARIO=part_of_a_name` plays only some.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

#[path = "../examples/reqwest/driver.rs"]
#[allow(dead_code, unreachable_pub, reason = "the suite lists nothing")]
mod driver;

use std::sync::Arc;

use driver::Reqwest;
use qbank_conformance::client::{Runner, play};
use qbank_conformance::{Call, Outcome, Target, Transport, run, run_all, scenarios};
use qbank_proto::{Driver, Entropy, Machine};
use reqwest::{ClientBuilder, Proxy, redirect, retry};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use tokio::runtime::{Builder, Runtime};

// ANCHOR: transport
struct OverReqwest {
    /// Settings of an application, under which the safety settings still hold.
    settings: fn(ClientBuilder) -> ClientBuilder,
}

impl Transport for OverReqwest {
    fn name(&self) -> &'static str {
        "reqwest"
    }

    fn play(&self, target: &Target, call: &Call) -> Outcome {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let driver = Reqwest::new(trusting(target.ca_pem.as_deref()), self.settings);
        play(&Running { driver, runtime }, target, call)
    }
}

struct Running {
    driver: Reqwest,
    runtime: Runtime,
}

impl Runner for Running {
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

#[test]
fn every_scenario_is_met() {
    let summary = run_all(&OverReqwest { settings: |builder| builder });
    assert!(summary.failures.is_empty(), "{} scenarios are not met", summary.failures.len());
}
// ANCHOR_END: transport

#[test]
fn settings_of_the_application_cannot_undo_the_safety_settings() {
    let transport = OverReqwest {
        settings: |builder| {
            builder
                .redirect(redirect::Policy::limited(10))
                .retry(retry::for_host("127.0.0.1").classify_fn(|attempt| {
                    if attempt.status().is_some() { attempt.retryable() } else { attempt.success() }
                }))
                .https_only(true)
                .proxy(Proxy::all("http://127.0.0.1:9").unwrap())
        },
    };
    let affected = ["ach_is_accepted", "redirect_", "status_500"];
    for scenario in scenarios() {
        if affected.iter().any(|name| scenario.name.starts_with(name)) {
            run(&transport, &scenario).unwrap();
        }
    }
}

fn trusting(pem: Option<&str>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    if let Some(pem) = pem {
        roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
    }
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}
