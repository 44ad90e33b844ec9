//! The scenarios of `qbank-conformance`, over real sockets.
//!
//! `QBANK_SCENARIO=part_of_a_name` plays only some.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use qbank_blocking::{Driver, Entropy, Machine, Ureq};
use qbank_conformance::client::{Runner, play};
use qbank_conformance::{Call, Outcome, Target, Transport, run_all};

struct Blocking;

struct Over(Ureq);

impl Runner for Over {
    fn run<M>(&self, machine: M) -> M::Output
    where
        M: Machine + Send + 'static,
        M::Output: Send + 'static,
    {
        self.0.drive(machine)
    }

    fn entropy(&self) -> Entropy {
        self.0.entropy()
    }
}

impl Transport for Blocking {
    fn name(&self) -> &'static str {
        "blocking"
    }

    fn play(&self, target: &Target, call: &Call) -> Outcome {
        let mut builder = Ureq::builder();
        if let Some(pem) = &target.ca_pem {
            builder = builder.root_certificates(pem.as_bytes()).unwrap();
        }
        if let (Some(chain), Some(key)) = (&target.client_certificate_pem, &target.client_key_pem) {
            builder = builder.client_certificate(chain.as_bytes(), key.as_bytes()).unwrap();
        }
        play(&Over(builder.build()), target, call)
    }
}

#[test]
fn every_scenario_is_met() {
    let summary = run_all(&Blocking);
    assert!(summary.failures.is_empty(), "{} scenarios are not met", summary.failures.len());
}
