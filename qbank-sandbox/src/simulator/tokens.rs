//! Whether a session asks for tokens as it should: when it has none that serves, and
//! one at a time.

use std::time::Duration;

use qbank_proto::Now;

use super::invariants::Rule;

/// What can be known of a session's tokens from outside.
#[derive(Debug, Default)]
pub(super) struct TokenWatch {
    held: Option<Held>,
    /// Counts the tokens, so that a 401 counts against the one it refused.
    generation: u64,
    /// The latest request: who sent it, and until when it may be under way.
    flight: Option<(u64, Duration)>,
    /// Since when the latest request has ended, by the monotonic clock.
    landed: Option<Duration>,
    /// A 429 throttles the whole session: then no call asks, leader or not.
    throttled: bool,
}

#[derive(Debug)]
struct Held {
    asked: Now,
    lifetime: Duration,
    refused: bool,
}

impl TokenWatch {
    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// A token request, exchange number `id`, goes out.
    pub(super) fn asks(
        &mut self,
        id: u64,
        now: Now,
        timeout: Duration,
    ) -> Result<(), (Rule, String)> {
        if let Some((_, until)) = self.flight
            && now.mono < until
        {
            return Err((
                Rule::SingleFlight,
                "a token request goes out while another is under way".to_owned(),
            ));
        }
        self.flight = Some((id, now.mono.saturating_add(timeout)));
        self.landed = None;
        // An expired token stays so, even if the wall clock is set back afterwards.
        let expired = self.held.take_if(|held| held.refused || held.age(now) >= held.lifetime);
        match &self.held {
            Some(held) if expired.is_none() && held.age(now) < held.soft() => Err((
                Rule::TokenThrift,
                format!("a token is asked for though one of {:?} serves", held.lifetime),
            )),
            _ => Ok(()),
        }
    }

    /// A token request has ended, with or without a token. Whether it is
    /// the latest: the token of an earlier one is not used.
    pub(super) fn lands(&mut self, id: u64, now: Now) -> bool {
        let latest = self.flight.take_if(|(flight, _)| *flight == id).is_some();
        if latest {
            self.landed = Some(now.mono);
        }
        latest
    }

    /// Whether the latest request has ended, so that its followers were woken,
    /// and had nothing else to wait for.
    pub(super) fn has_landed(&self, now: Now) -> bool {
        !self.throttled && self.landed.is_some_and(|landed| landed < now.mono)
    }

    /// A 429 came back.
    pub(super) fn is_throttled(&mut self) {
        self.throttled = true;
    }

    /// The bank gave a token to the latest request.
    pub(super) fn holds(&mut self, asked: Now, lifetime: Duration) {
        self.generation += 1;
        self.held = Some(Held { asked, lifetime, refused: false });
    }

    /// A 401 came back to a request that was sent under this generation.
    pub(super) fn refused(&mut self, generation: u64) {
        if let Some(held) = self.held.as_mut().filter(|_| self.generation == generation) {
            held.refused = true;
        }
    }
}

impl Held {
    /// By whichever clock advanced more.
    fn age(&self, now: Now) -> Duration {
        let mono = now.mono.saturating_sub(self.asked.mono);
        mono.max(now.unix.saturating_sub(self.asked.unix))
    }

    /// The age at which a new one may be asked for while this one serves.
    fn soft(&self) -> Duration {
        self.lifetime.saturating_sub((self.lifetime / 10).min(Duration::from_secs(60)))
    }
}
