//! Virtual time: poll what is runnable, then move the clock to the next event.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Waker;
use std::time::Duration;

use qbank_proto::{Exchange, Step, Ticket};

use super::slot::{Due, What};
use super::{Bed, Cause, Sent, Supply, good_token};

impl Bed {
    /// Runs until every call is over, dropped or stalled.
    pub fn run(&mut self) {
        self.run_until(None);
    }

    /// Runs for a span of virtual time.
    pub fn pass(&mut self, span: Duration) {
        let end = self.now.mono + span;
        self.run_until(Some(end));
        self.tick_to(end);
    }

    /// Polls what is runnable; no time passes.
    pub fn settle_down(&mut self) {
        while let Some(slot) = self.next_runnable() {
            self.poll(slot);
        }
    }

    fn run_until(&mut self, end: Option<Duration>) {
        for _ in 0..2_000_000 {
            self.settle_down();
            let Some(next) = self.next_event().filter(|at| end.is_none_or(|end| *at <= end)) else {
                return;
            };
            self.tick_to(next);
            self.deliver();
        }
        panic!("the calls never end");
    }

    fn tick_to(&mut self, mono: Duration) {
        let passed = mono.saturating_sub(self.now.mono);
        self.now.mono += passed;
        self.now.unix += passed;
    }

    fn next_event(&self) -> Option<Duration> {
        let due = self.due.iter().filter(|it| !self.slots[it.slot].stalled);
        let slots = self.slots.iter().filter(|it| it.is_live());
        due.map(|it| it.at).chain(slots.filter_map(|it| it.sleeps_until)).min()
    }

    fn deliver(&mut self) {
        let (now, mono) = (self.now, self.now.mono);
        let slots = &self.slots;
        let ready = self
            .due
            .extract_if(.., |it| it.at <= mono && !slots[it.slot].stalled)
            .collect::<Vec<_>>();
        for due in ready {
            let slot = &mut self.slots[due.slot];
            if let Some(machine) = &mut slot.machine {
                machine.give(now, due.ticket, due.what);
                slot.runnable = Some(Cause::Settled);
            }
        }
        for slot in self.slots.iter_mut().filter(|it| it.is_live()) {
            if slot.sleeps_until.is_some_and(|until| until <= mono) {
                slot.runnable.get_or_insert(Cause::Slept);
            }
        }
    }

    fn next_runnable(&mut self) -> Option<usize> {
        self.slots.iter_mut().position(|slot| {
            if slot.flag.0.swap(false, Ordering::Relaxed) {
                slot.runnable.get_or_insert(Cause::Woken);
            }
            slot.is_live() && slot.runnable.is_some()
        })
    }

    fn poll(&mut self, index: usize) {
        let now = self.now;
        let slot = &mut self.slots[index];
        let cause = slot.runnable.take().unwrap();
        slot.causes.push(cause);
        slot.sleeps_until = None;
        let waker = Waker::from(Arc::clone(&slot.flag));
        let machine = slot.machine.as_mut().unwrap();
        match machine.step(now, &waker) {
            Step::Done(output) => {
                slot.output = Some(output);
                slot.machine = None;
            }
            Step::Wait(time) => {
                assert!(!time.is_zero(), "a wait of nothing is a busy loop");
                slot.sleeps_until = Some(now.mono.saturating_add(time));
            }
            Step::Send(exchange) => {
                self.exchange(index, exchange);
                self.slots[index].runnable = Some(cause);
            }
            Step::Authorize { ticket, .. } => {
                self.authorize(index, ticket);
                self.slots[index].runnable = Some(cause);
            }
        }
    }

    fn exchange(&mut self, slot: usize, exchange: Exchange) {
        let (parts, body) = exchange.request.into_parts();
        let sent = Sent {
            at: self.now.mono,
            method: parts.method,
            url: parts.uri.to_string(),
            headers: parts.headers,
            body,
            timeout: exchange.timeout,
            connect_timeout: exchange.connect_timeout,
            max_body: exchange.max_body,
            fresh_connection: exchange.fresh_connection,
        };
        let is_token = sent.url.ends_with("/token");
        let act = if is_token {
            let good = good_token(&format!("token-{}", self.token_requests.len() + 1));
            self.tokens.pop_front().unwrap_or(good)
        } else {
            let next = self.bank.pop_front().or_else(|| self.always.clone());
            next.unwrap_or_else(|| {
                panic!("no response is scripted for {} {}", sent.method, sent.url)
            })
        };
        let log = if is_token { &mut self.token_requests } else { &mut self.sent };
        log.push(sent);
        let Some((after, outcome)) = act.happens(exchange.timeout) else {
            return;
        };
        self.due.push(Due {
            at: self.now.mono.saturating_add(after),
            slot,
            ticket: exchange.ticket,
            what: What::Settle(outcome),
        });
    }

    fn authorize(&mut self, slot: usize, ticket: Ticket) {
        self.asked.push(self.now.mono);
        let good = Supply::token(&format!("supplied-{}", self.asked.len()));
        let supply = self.supplier.pop_front().unwrap_or(good);
        self.due.push(Due {
            at: self.now.mono.saturating_add(supply.after),
            slot,
            ticket,
            what: What::Supply(supply.token),
        });
    }
}
