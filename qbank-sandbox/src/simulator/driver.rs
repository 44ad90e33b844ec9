//! The driver of a simulated client: polls, sends, settles.

use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use qbank_proto::{
    AccessToken, BoxError, Exchange, Fault, FaultKind, IdempotencyKey, Session, Step,
};

use super::invariants::{BankJson, Rule};
use super::mutant::Mutant;
use super::network::Carried;
use super::plan::{HOST, Knob, Source};
use super::random::Random;
use super::running::Outcome;
use super::trouble::Trouble;
use super::world::{Event, World};

/// How long after its own timeout a machine takes an exchange for lost (`Machine`).
const GRACE: Duration = Duration::from_secs(5);

impl World<'_> {
    /// Polls until there is something to wait for.
    pub(super) fn poll(&mut self, process: usize, job: usize) {
        while !self.crashes(process) {
            let now = self.now(process);
            let waiting = self.waiting(process);
            let Some(task) = &mut self.processes[process].tasks[job] else { return };
            let limit = task.limit;
            let deadline = *task.deadline.get_or_insert_with(|| now.mono.saturating_add(limit));
            let waker = task.waker.clone();
            let step = task.machine.poll(now, &waker);
            self.watch_wakers(process, job, waiting, &step);
            let Some(task) = &mut self.processes[process].tasks[job] else { return };
            match step {
                Step::Send(exchange) => {
                    if !self.send(process, job, deadline, exchange) {
                        return;
                    }
                }
                Step::Wait(time) => {
                    let grace = if task.out.is_some() { GRACE } else { Duration::ZERO };
                    let until = now.mono.saturating_add(time);
                    if time.is_zero() {
                        let what = format!("p{process} job {job} waits for nothing");
                        self.broken(Rule::BoundedWait, what);
                    } else if until > deadline.saturating_add(grace) {
                        let what = format!("p{process} job {job} waits beyond its deadline");
                        self.broken(Rule::Deadline, what);
                    } else {
                        task.sleeps_until = until;
                        task.timer += 1;
                        let (run, timer) = (task.run, task.timer);
                        self.after(time, Event::Timer { process, job, run, timer });
                    }
                    return;
                }
                // The application asks its vault, which asks the bank.
                Step::Authorize { ticket, timeout } => {
                    let exchange = Exchange {
                        request: self.vault(process),
                        connect_timeout: timeout,
                        timeout,
                        stream_timeout: None,
                        max_body: usize::MAX,
                        fresh_connection: false,
                        ticket,
                    };
                    if !self.send(process, job, deadline, exchange) {
                        return;
                    }
                }
                Step::Done(outcome) => {
                    let task = self.processes[process].tasks[job].take();
                    if let Some(out) = task.and_then(|task| task.out) {
                        self.processes[process].tokens.lands(out as u64, now);
                    }
                    self.conclude(process, job, outcome);
                    return;
                }
            }
        }
    }

    fn waiting(&self, process: usize) -> usize {
        self.processes[process].session.as_ref().map_or(0, Session::waiting)
    }

    /// A call that follows another's token request is woken when that is over. If its
    /// time has to run out before it asks for itself, the wake-up was lost.
    fn watch_wakers(&mut self, process: usize, job: usize, before: usize, step: &Step<Outcome>) {
        let (now, after) = (self.now(process), self.waiting(process));
        let it = &mut self.processes[process];
        // After a sleep all timers run out at once.
        let landed = it.tokens.has_landed(now) && it.plan.sleeps.is_empty();
        let Some(task) = &mut it.tasks[job] else { return };
        let (slept, followed) = (std::mem::take(&mut task.slept), task.follows);
        task.follows = match step {
            Step::Wait(_) => after > before || (followed && after == before && after > 0),
            _ => false,
        };
        let asks = match step {
            Step::Send(exchange) => exchange.request.uri().path() == "/v1/token",
            Step::Authorize { .. } => true,
            _ => false,
        };
        if asks && slept && followed && landed {
            let what = format!("p{process} job {job} was not woken when a token request ended");
            self.broken(Rule::NoLostWakeup, what);
        }
    }

    /// Hands an exchange to the network. Whether to poll on: a driver that loses
    /// tickets does.
    fn send(
        &mut self,
        process: usize,
        job: usize,
        deadline: Duration,
        mut exchange: Exchange,
    ) -> bool {
        let now = self.now(process);
        let end = now.mono.saturating_add(exchange.timeout);
        if now.mono >= deadline || end > deadline {
            let what = format!("p{process} job {job} sends beyond its deadline");
            self.broken(Rule::Deadline, what);
        }
        let is_token = exchange.request.uri().path() == "/v1/token";
        if !is_token {
            self.spoil_request(process, job, &mut exchange);
        }
        if exchange.request.uri().host() != Some(HOST) {
            let what = format!("p{process} job {job} sends to {}", exchange.request.uri());
            self.broken(Rule::OwnBankOnly, what);
        }
        let id = self.carried.len();
        let key = key_of(&exchange);
        let it = &mut self.processes[process];
        let Some(task) = &mut it.tasks[job] else { return false };
        let nth = if is_token { &mut task.token_requests } else { &mut task.exchanges };
        *nth += 1;
        let nth = *nth;
        task.sends += u32::from(key.is_some());
        task.out = Some(id);
        let run = task.run;
        let too_often = task.sends > task.most_sends;
        let generation = it.tokens.generation();
        let it_is_supplied = is_token && it.plan.source == Source::Supplier;
        if is_token {
            let asked = it.tokens.asks(id as u64, now, exchange.timeout);
            self.check(asked);
        } else if let Some(key) = key {
            let path = exchange.request.uri().path();
            let sent = self.evidence.sent((process, job), key, path, exchange.request.body());
            self.check(sent);
        }
        if too_often {
            let what = format!("p{process} job {job} is sent more often than it may be");
            self.broken(Rule::RetryLimit, what);
        }
        let knob = Knob::Exchange { process, job, run, token: is_token, nth };
        let place =
            [6 + u64::from(is_token), process as u64, job as u64, u64::from(run), u64::from(nth)];
        let mut random = Random::at(self.seed, place);
        let drawn = Trouble::draw(self.trouble, &mut random);
        let trouble = if drawn.is_none() || !self.fires(knob) { Trouble::None } else { drawn };
        let carried = Carried {
            process,
            job,
            run,
            is_token,
            is_supplied: it_is_supplied,
            key,
            trouble,
            sent: now,
            timeout: exchange.timeout,
            generation,
            genuine: false,
            ticket: Some(exchange.ticket),
            request: exchange.request,
            outcome: None,
        };
        self.carried.push(carried);
        self.carry(id, exchange.connect_timeout, &mut random);
        matches!(trouble, Trouble::TicketLost(_))
    }

    /// The driver gets the outcome of an exchange.
    pub(super) fn settle(&mut self, id: usize, gives_up: bool) {
        let (process, job, run) = {
            let it = &self.carried[id];
            (it.process, it.job, it.run)
        };
        let now = self.now(process);
        let Some(task) = self.processes[process].task(job, run) else { return };
        let carried = &mut self.carried[id];
        if gives_up {
            if carried.ticket.is_none() {
                return;
            }
            // The clock stood still meanwhile.
            let end = carried.sent.mono.saturating_add(carried.timeout);
            if let Some(left) = end.checked_sub(now.mono).filter(|it| !it.is_zero()) {
                self.after(left, Event::GiveUp { exchange: id });
                return;
            }
        }
        let Some(ticket) = carried.ticket.take() else { return };
        task.out.take_if(|out| *out == id);
        let outcome = match carried.outcome.take() {
            Some(outcome) if !gives_up => outcome,
            // The head may have come.
            Some(Err(fault)) if fault.head.is_some() => {
                Err(Fault { kind: FaultKind::Timeout, ..fault })
            }
            _ => Err(Fault::maybe(FaultKind::Timeout, "no response in time")),
        };
        let brought = self.watch_tokens(id, &outcome);
        self.note_outcome(id, &outcome);
        if self.crashes(process) {
            return;
        }
        let outcome = self.spoil_response(id, outcome);
        let (supplied, lifetime) = (self.carried[id].is_supplied, self.token_lifetime);
        let Some(task) = self.processes[process].task(job, run) else { return };
        if supplied {
            task.machine.supply(now, ticket, supply(outcome, lifetime));
        } else {
            task.machine.settle(now, ticket, outcome);
        }
        // Every call that followed this token request is woken by now.
        let waiting = self.waiting(process);
        if brought && waiting > 0 && self.mutant != Some(Mutant::SessionPerCall) {
            let what = format!("p{process}: {waiting} calls wait for a token that is there");
            self.broken(Rule::NoLostWakeup, what);
        }
        self.poll(process, job);
    }

    /// Keeps account of the tokens that a session should have. Whether this is one.
    fn watch_tokens(&mut self, id: usize, outcome: &Result<Response<Bytes>, Fault>) -> bool {
        let carried = &self.carried[id];
        let now = self.now(carried.process);
        let tokens = &mut self.processes[carried.process].tokens;
        let status = match outcome {
            Ok(outcome) => Some(outcome.status()),
            Err(fault) => fault.head.as_ref().map(|head| head.status),
        };
        if carried.is_token {
            let latest = tokens.lands(id as u64, now);
            let end = carried.sent.mono.saturating_add(carried.timeout);
            let in_time = now.mono < end.saturating_add(GRACE);
            let good =
                outcome.as_ref().is_ok_and(|it| BankJson::of(it.body()).access_token.is_some());
            let brought = latest && carried.genuine && in_time && good;
            if brought {
                tokens.holds(carried.sent, self.token_lifetime);
            }
            return brought;
        }
        match status {
            Some(StatusCode::UNAUTHORIZED) => tokens.refused(carried.generation),
            Some(StatusCode::TOO_MANY_REQUESTS) => tokens.is_throttled(),
            _ => {}
        }
        false
    }

    fn note_outcome(&mut self, id: usize, outcome: &Result<Response<Bytes>, Fault>) {
        if !self.trace.is_written() {
            return;
        }
        let name = self.name(id);
        let text = match outcome {
            Ok(outcome) => outcome.status().to_string(),
            Err(fault) => match &fault.head {
                Some(head) => format!("{} and then {}", head.status, fault.kind),
                None => format!("{}, {:?} sent", fault.kind, fault.sent),
            },
        };
        self.note(|| format!("{name}: gets {text}"));
    }
}

/// The token that a vault takes from the bank's response.
fn supply(
    outcome: Result<Response<Bytes>, Fault>,
    lifetime: Duration,
) -> Result<AccessToken, BoxError> {
    let outcome = outcome.map_err(|fault| fault.source)?;
    let text = BankJson::of(outcome.body()).access_token.ok_or("the vault has no token")?;
    Ok(AccessToken::new(text)?.expires_in(lifetime))
}

pub(super) fn key_of(exchange: &Exchange) -> Option<IdempotencyKey> {
    exchange.request.headers().get("idempotency-key")?.to_str().ok()?.parse().ok()
}
