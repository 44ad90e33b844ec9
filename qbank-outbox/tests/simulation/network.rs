//! What carries requests and responses: it loses them, delays them, and delivers them after the
//! caller has given up.

use qbank_proto::bytes::Bytes;
use qbank_proto::http::{Method, Request, Response};
use qbank_proto::{Exchange, Fate, Fault, FaultKind, Machine as _};
use qbank_sandbox::BankFault;

use super::rules;
use super::world::{Event, START, World};

/// A request, and what will come of it.
pub(super) struct Carried {
    worker: usize,
    life: u32,
    row: i64,
    request: Option<Request<Bytes>>,
    response: Option<Result<Response<Bytes>, Fault>>,
    /// The response gets lost.
    lost: bool,
}

impl World {
    pub(super) fn send(&mut self, worker: usize, row: i64, exchange: Exchange) {
        let Exchange { request, timeout, ticket, .. } = exchange;
        if request.method() == Method::POST && request.uri().path() != "/v1/token" {
            self.may_be_sent(worker, row);
        }
        self.counted += 1;
        let (id, life) = (self.counted, self.workers[worker].life);
        if let Some(call) = self.workers[worker].calls.get_mut(&row) {
            call.out = Some((id, ticket));
        }
        let out = self.time < self.outage;
        if !out && self.trouble(2) {
            self.outage = self.time + self.random.long_delay();
        }
        let lost = out || self.trouble(10);
        let mut carried =
            Carried { worker, life, row, request: Some(request), response: None, lost };
        let timed_out = || Fault::maybe(FaultKind::Timeout, "nothing came");
        let mut settles = timeout;
        if out || self.trouble(6) {
            // It does not get there; sometimes that is known.
            carried.request = None;
            carried.response = Some(Err(if self.random.percent(50) {
                settles = self.random.millis(1, 3000);
                Fault::unsent(FaultKind::Connect, "no connection")
            } else {
                timed_out()
            }));
        } else {
            let there = self.random.millis(2, 60);
            let late = self.trouble(5);
            let there = if late { self.random.millis(0, 110_000) } else { there };
            self.after(there, Event::Arrive { exchange: id });
            if lost && self.random.percent(50) {
                settles = self.random.millis(1, 3000);
                carried.response = Some(Err(Fault::maybe(FaultKind::Disconnected, "reset")));
            } else {
                carried.response = Some(Err(timed_out()));
            }
        }
        self.carried.insert(id, carried);
        self.after(settles.min(timeout), Event::Settle { exchange: id });
    }

    /// A send is written down before its first byte, under a lease that holds.
    fn may_be_sent(&mut self, worker: usize, row: i64) {
        let Some(call) = self.workers[worker].calls.get(&row) else { return };
        let kept = self.model.row(row);
        let written = kept.first_sent_at.is_some() && kept.sends > 0;
        let lease = kept.lease_token == Some(call.job.lease.token);
        let ends = self.db_time(call.began + call.job.limit);
        let holds = lease && kept.lease_until.is_some_and(|until| ends <= until);
        let name = format!("row {row} ({}) is sent by worker {worker}", kept.state);
        if !written {
            self.broken = Some(format!("{name}, and that is not written down"));
        } else if self.jumps {
            // Leases run out early or late: two may send, with the one key.
        } else if !holds && self.backup.is_none() {
            self.broken = Some(format!("{name} under a lease that does not hold for the call"));
        } else if self.seen.doubted.contains(&row) && kept.fate < Fate::Accepted {
            let audit = rules::audit_of(&self.model, row);
            self.broken = Some(format!("{name}, and was to be reconciled\n{audit}"));
        }
    }

    /// Nobody takes a row from who is sending it, while its lease holds.
    pub(super) fn keeps_what_is_in_flight(&mut self) {
        if self.backup.is_some() || self.jumps {
            return;
        }
        for worker in &self.workers {
            for (row, call) in &worker.calls {
                let kept = self.model.row(*row);
                let ends = self.db_time(call.began + call.job.limit);
                let mine = kept.lease_token == Some(call.job.lease.token);
                if call.job.n.is_some() && self.db_now() < ends && !mine {
                    let state = kept.state;
                    self.broken = Some(format!("row {row} is {state}, and is being sent"));
                }
            }
        }
    }

    pub(super) fn arrive(&mut self, exchange: u64) {
        let Some(request) = self.carried.get_mut(&exchange).and_then(|it| it.request.take()) else {
            return;
        };
        if request.method() == Method::POST && self.trouble(4) {
            self.bank.inject(BankFault::revoke_token());
        }
        if request.method() == Method::POST && self.trouble(6) {
            let statuses = [302, 400, 403, 408, 425, 429, 500, 503];
            let status = statuses[usize::try_from(self.random.below(8)).unwrap()];
            self.bank.inject(BankFault::status(status));
        }
        let key = request.headers().get("idempotency-key");
        let key = key.and_then(|key| key.to_str().ok()).map(str::to_owned);
        let response = self.bank.handle(START + self.time, request);
        let status = response.status().as_u16();
        if let Some(key) = key
            && (400..500).contains(&status)
            && ![401, 403, 408, 409, 425, 429].contains(&status)
        {
            self.seen.refused.insert(key);
        }
        let Some(carried) = self.carried.get_mut(&exchange) else { return };
        if !carried.lost {
            carried.response = Some(Ok(response));
            let back = self.random.millis(2, 60);
            self.after(back, Event::Settle { exchange });
        }
    }

    pub(super) fn settle(&mut self, exchange: u64, event: Event) {
        let Some(carried) = self.carried.get(&exchange) else { return };
        let (worker, life, row) = (carried.worker, carried.life, carried.row);
        if self.workers[worker].life != life {
            return;
        }
        if !self.is_alive(worker, life, event) {
            return;
        }
        let now = self.workers[worker].now(self.time);
        let Some(call) = self.workers[worker].calls.get_mut(&row) else { return };
        let Some((_, ticket)) = call.out.take_if(|(out, _)| *out == exchange) else { return };
        let response = self.carried.get_mut(&exchange).and_then(|it| it.response.take());
        if let Some(outcome) = response {
            call.machine.settle(now, ticket, outcome);
        }
        self.poll(worker, row);
        self.poll_all(worker);
    }
}
