//! How a process comes up, and how it goes down.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Uri};
use qbank_proto::{AccessToken, Credentials, Session};

use super::invariants::BankJson;
use super::mutant::Mutant;
use super::plan::{Client, Knob, Source};
use super::process::{Phase, START};
use super::random::Random;
use super::tokens::TokenWatch;
use super::world::{Event, World};

impl World<'_> {
    pub(super) fn come_up(&mut self, process: usize) {
        let mut random = Random::at(self.seed, [4, process as u64, 0, 0, 0]);
        let credentials = self.credentials(process);
        let it = &mut self.processes[process];
        if let Some(credentials) = credentials {
            it.plan.config.credentials = credentials;
        }
        if self.mutant == Some(Mutant::IgnoresKeyAge) {
            it.plan.config.max_key_age = Duration::MAX;
        }
        it.session = Session::new(it.plan.config.clone()).ok();
        it.clock.restart(Duration::from_secs(random.below(100_000) + u64::from(it.life)));
        let life = it.life;
        if life > 0 {
            self.note(|| format!("p{process}: is up again"));
        }
        for job in 0..self.processes[process].jobs.len() {
            let it = &self.processes[process].jobs[job];
            if it.phase == Phase::Done || self.disabled.contains(&Knob::Job { process, job }) {
                continue;
            }
            let (phase, start) = (it.phase, it.plan.start);
            if life == 0 {
                self.fired.push(Knob::Job { process, job });
            }
            let at = if phase == Phase::Planned { start.max(self.time) } else { self.time };
            self.at(at + random.millis(0, 200), Event::Start { process, job, life });
        }
    }

    fn credentials(&mut self, process: usize) -> Option<Credentials> {
        let plan = &self.processes[process].plan;
        let Client { id, secret } = plan.client;
        match plan.source {
            Source::Credentials => Some(Credentials::client(id, secret)),
            Source::Supplier => Some(Credentials::Supplier),
            Source::ReadyMade => {
                let (request, now) = (self.vault(process), START + self.time);
                let response = self.bank.handle(now, request);
                let token = AccessToken::new(BankJson::of(response.body()).access_token?).ok()?;
                Some(Credentials::Token(token))
            }
        }
    }

    /// What asks the bank for a token on a client's behalf, without its session.
    pub(super) fn vault(&self, process: usize) -> Request<Bytes> {
        let Client { id, secret } = self.processes[process].plan.client;
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", id)
            .append_pair("client_secret", secret)
            .finish();
        let mut request = Request::new(Bytes::from(form));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::from_static("https://bank.example/v1/token");
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(CONTENT_TYPE, form);
        request
    }

    /// One step of a process' life: it may end here.
    pub(super) fn crashes(&mut self, process: usize) -> bool {
        let it = &mut self.processes[process];
        it.steps += 1;
        let nth = it.crashes;
        let Some(plan) = it.plan.crashes.get(nth).copied() else { return false };
        if it.steps < plan.after_steps {
            return false;
        }
        it.crashes += 1;
        it.steps = 0;
        if !self.fires(Knob::Crash { process, nth }) {
            return false;
        }
        let it = &mut self.processes[process];
        it.life += 1;
        it.session = None;
        it.tokens = TokenWatch::default();
        it.tasks.iter_mut().for_each(|task| *task = None);
        if self.mutant == Some(Mutant::NeverSavesKey) {
            for job in it.jobs.iter_mut().filter(|job| job.phase == Phase::Sending) {
                job.phase = Phase::Planned;
            }
        }
        self.note(|| format!("p{process}: crashes"));
        self.after(plan.down, Event::Up { process });
        true
    }
}
