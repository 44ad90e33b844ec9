//! The bank: one request in, one answer out.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::DATE;
use http::{Method, Request, Response, StatusCode, Uri};
use qbank_proto::{AccountId, Money, PaymentId, RequestId};
use sha2::{Digest, Sha256};

use crate::accounts;
use crate::answer::Answer;
use crate::clients::{Client, Clients};
use crate::clock::Clock;
use crate::config::BankConfig;
use crate::control;
use crate::core_run;
use crate::cors;
use crate::error::Refusal;
use crate::faults::{FaultKind, Faults};
use crate::ids::Ids;
use crate::journal::{Journal, ReceivedRequest};
use crate::keys::{Keys, Made};
use crate::ledger::{Book, Ledger, LedgerEntry, LedgerReversal};
use crate::order::{self, Order};
use crate::outbox::{self, Outbox};
use crate::payments::Payments;
use crate::positive_pay::PositivePay;
use crate::rejection::Rejection;
use crate::route::Route;
use crate::timeline::PaymentStatus;
use crate::token::Tokens;
use crate::transactions::{Posted, Sight};
use crate::webhook::{Delivery, DeliveryRecord, Event, Receiver};

/// The largest body of a request.
pub(crate) const MAX_BODY: usize = 1024 * 1024;

/// The bank, without I/O, clock or randomness: the same seed and the same requests
/// at the same times give the same answers.
pub struct Bank {
    start: Duration,
    clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) clients: Clients,
    tokens: Tokens,
    pub(crate) book: Book,
    pub(crate) posted: Posted,
    pub(crate) payments: Payments,
    pub(crate) positive_pay: PositivePay,
    pub(crate) keys: Keys,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
    pub(crate) webhooks: Outbox,
    most_intents: usize,
}

impl Bank {
    /// Opens a bank whose accounts are funded.
    #[expect(clippy::needless_pass_by_value, reason = "a configuration is spent here")]
    pub fn new(config: BankConfig) -> Self {
        let clock = Clock::new(config.start);
        let start = clock.now();
        let mut ids = Ids::new(config.seed);
        let clients = Clients::new(&config.clients);
        let book = Book::new(&config.clients, &clients, &mut ids);
        Self {
            posted: Posted::history(start, &book, &mut ids),
            positive_pay: PositivePay::new(start, &book, &mut ids),
            book,
            start,
            clock,
            ids,
            clients,
            tokens: Tokens::new(config.token_lifetime),
            payments: Payments::default(),
            keys: Keys::new(config.key_lifetime),
            faults: Faults::default(),
            journal: Journal::default(),
            webhooks: Outbox::default(),
            most_intents: config.most_intents,
        }
    }

    /// Answers a request that arrives at `now`, the outer world's unix time; the
    /// bank's own clock is that plus what was advanced.
    ///
    /// The answer's extensions may hold a [`WireFault`](crate::WireFault) for
    /// whoever carries it.
    #[expect(clippy::needless_pass_by_value, reason = "a request is answered once")]
    pub fn handle(&mut self, now: Duration, request: Request<Bytes>) -> Response<Bytes> {
        self.observe(now);
        let mut response = if *request.method() == Method::OPTIONS {
            cors::preflight()
        } else if let Some(below) = control::below(request.uri().path()) {
            let answer = control::answer(self, now, below, &request);
            let request_id = self.ids.id();
            answer.unwrap_or_else(|refusal| refusal.into_answer(request_id)).into_response()
        } else {
            self.api(&request)
        };
        cors::allow(response.headers_mut());
        response.headers_mut().insert(DATE, self.clock.date_header());
        response
    }

    /// Whether a fault closes the connection of such a request before it is read;
    /// the request then counts as arrived. For a carrier that sees the head first.
    pub fn refuses(&mut self, now: Duration, method: &Method, uri: &Uri) -> bool {
        self.observe(now);
        let refuses = is_api(method, uri) && self.faults.take_refusal(method.as_str(), uri.path());
        if refuses {
            let (headers, fault) = (http::HeaderMap::new(), Some(FaultKind::Refuse.name()));
            let body = sha256(&[]);
            let arrived = ReceivedRequest::new(method.as_str(), uri, &headers, body, None, fault);
            self.journal.record(arrived);
        }
        refuses
    }

    /// The answer to a request whose head cannot be read.
    #[cfg(feature = "server")]
    pub(crate) fn unreadable(&mut self, now: Duration, status: StatusCode) -> Response<Bytes> {
        self.observe(now);
        let refusal = match status {
            StatusCode::URI_TOO_LONG => {
                Refusal::new(status, "ERR_REQ_005", "The path is too long.")
            }
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => Refusal::new(
                status,
                "ERR_REQ_006",
                "There are too many headers, or too large ones.",
            ),
            _ => Refusal::malformed("This is no request of HTTP/1.1."),
        };
        let mut response = refusal.into_answer(self.ids.id()).into_response();
        cors::allow(response.headers_mut());
        response.headers_mut().insert(DATE, self.clock.date_header());
        response
    }

    /// Lets time pass up to `now`; gives the webhook deliveries that are due, each
    /// once. A few hundred at most: while there are any, there may be more. What came
    /// of each goes to [`Bank::record_delivery`], which plans the next attempt for a
    /// receiver that did not answer exactly 200.
    pub fn tick(&mut self, now: Duration) -> Vec<Delivery> {
        self.observe(now);
        outbox::due(self, self.clock.now())
    }

    /// Moves the bank's clock ahead of the outer world's, through its batches.
    pub fn advance(&mut self, now: Duration, by: Duration) {
        self.clock.advance(now, by);
        self.progress();
    }

    /// The bank's own time at the last thing that happened.
    pub fn now(&self) -> Duration {
        self.clock.now()
    }

    /// The accounts, the entries and their total, as they are now.
    pub fn ledger(&self) -> Ledger {
        self.book.picture()
    }

    /// The entries of the ledger, without copying them: at most one per intent.
    pub fn entries(&self) -> &[LedgerEntry] {
        self.book.entries()
    }

    /// The entries that were taken back because the core rejected their payments.
    pub fn reversals(&self) -> &[LedgerReversal] {
        self.book.reversals()
    }

    /// The sum over all accounts, clearing accounts included; it never changes.
    pub fn total(&self) -> Money {
        self.book.total()
    }

    /// What is on an account of a client.
    pub fn balance(&self, account: AccountId) -> Option<Money> {
        let account = self.book.account(account).filter(|account| account.owner.is_some());
        account.map(|account| account.balance)
    }

    /// The requests to the API, in order; only the latest hundred thousand.
    pub fn requests(&self) -> impl ExactSizeIterator<Item = &ReceivedRequest> {
        self.journal.requests().iter()
    }

    /// Where a payment is.
    pub fn payment_status(&self, id: PaymentId) -> Option<PaymentStatus> {
        self.payments.get(id).map(|payment| payment.timeline.at(self.now()).0)
    }

    /// Why a payment will fail or has failed.
    pub fn rejection(&self, id: PaymentId) -> Option<Rejection> {
        self.payments.get(id).and_then(|payment| payment.rejection)
    }

    /// The signed event about a payment as it is now, for the first receiver that
    /// its client registered, or for nobody under
    /// [`WEBHOOK_SECRET`](crate::WEBHOOK_SECRET).
    pub fn event_for(&mut self, id: PaymentId) -> Option<Delivery> {
        let payment = self.payments.get(id)?;
        let client = payment.client;
        let event = Event::about(payment, self.clock.now(), self.clients.id(client));
        let receiver = self.webhooks.receivers_of(client).next().cloned();
        let receiver = receiver.unwrap_or_else(|| Receiver::nobody(client));
        Some(receiver.delivery(&event, 1, self.ids.uuid()))
    }

    /// Remembers what came of a delivery: the receiver's status, or why there is none.
    pub fn record_delivery(
        &mut self,
        now: Duration,
        delivery: &Delivery,
        outcome: Result<StatusCode, String>,
    ) {
        self.observe(now);
        self.webhooks.record(self.clock.now(), delivery, outcome);
    }

    /// The delivery attempts, in order; only the latest ten thousand.
    pub fn deliveries(&self) -> impl ExactSizeIterator<Item = &DeliveryRecord> {
        self.webhooks.records().iter()
    }

    /// Whether a key may give its stored answer again.
    pub(crate) fn is_final(&self, made: Made) -> bool {
        match made {
            Made::Payment(place) => is_final(&self.payments, place, self.clock.now()),
            Made::Transfer(_) | Made::Issue(_) => true,
        }
    }

    /// Whether one more intent fits.
    pub(crate) fn has_room(&self) -> Result<(), Refusal> {
        if self.keys.accepted() < self.most_intents {
            return Ok(());
        }
        let message = "The sandbox's ledger is full; start it anew.";
        Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "ERR_SBX_003", message))
    }

    fn observe(&mut self, now: Duration) {
        self.clock.observe(now);
        self.progress();
    }

    /// Does what has become due.
    pub(crate) fn progress(&mut self) {
        let now = self.clock.now();
        core_run::run(self, now);
        let payments = &self.payments;
        self.keys.expire(now, |made| match made {
            Made::Payment(place) => is_final(payments, place, now),
            Made::Transfer(_) | Made::Issue(_) => true,
        });
    }

    /// A request to the API: meets its fault, and is recorded.
    fn api(&mut self, request: &Request<Bytes>) -> Response<Bytes> {
        let request_id = self.ids.id();
        let body_sha256 = sha256(request.body());
        let (method, uri) = (request.method().as_str(), request.uri());
        let fault = self.faults.take(method, uri.path());

        let instead = fault.as_ref().and_then(|fault| fault.instead(request_id));
        let answer = instead.unwrap_or_else(|| {
            if fault == Some(FaultKind::RevokeToken) {
                self.tokens.revoke(request.headers());
            }
            let in_flight = fault == Some(FaultKind::InFlight);
            let answer = self
                .serve(request, request_id, body_sha256, in_flight)
                .unwrap_or_else(|refusal| refusal.into_answer(request_id));
            fault.iter().fold(answer, |answer, fault| fault.spoil(answer))
        });

        let status = (fault != Some(FaultKind::Refuse)).then_some(answer.status);
        let name = fault.as_ref().map(FaultKind::name);
        let arrived =
            ReceivedRequest::new(method, uri, request.headers(), body_sha256, status, name);
        self.journal.record(arrived);

        let mut response = answer.into_response();
        if let Some(on_the_wire) = fault.and_then(|fault| fault.on_the_wire()) {
            response.extensions_mut().insert(on_the_wire);
        }
        response
    }

    /// The request without its fault: path, size, token, scope, then the operation.
    fn serve(
        &mut self,
        request: &Request<Bytes>,
        request_id: RequestId,
        body_sha256: [u8; 32],
        in_flight: bool,
    ) -> Result<Answer, Refusal> {
        let (headers, body) = (request.headers(), request.body());
        let now = self.clock.now();
        let (route, id) = Route::find(request.method(), request.uri().path())?;
        if body.len() > MAX_BODY {
            let message = "The body is larger than 1 MiB.";
            return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "ERR_REQ_004", message));
        }
        let Some(needed) = route.scope() else {
            return self.tokens.grant(now, &self.clients, &mut self.ids, headers, body);
        };
        let bearer = self.tokens.authenticate(now, headers)?;
        let client = bearer.client;
        if !bearer.scopes.allow(&needed) {
            let message = format!("The access token lacks the scope {needed}.");
            return Err(Refusal::new(StatusCode::FORBIDDEN, "ERR_AUTH_002", message));
        }
        if route.is_write() {
            let order =
                Order { client, route, headers, body, body_sha256, now, request_id, in_flight };
            return order::place(self, &order);
        }
        let actor = self.clients.id(client);
        match route {
            Route::Accounts => Ok(accounts::list(&self.book, client, actor, self.start, now)),
            Route::Balance => accounts::balance(&self.book, client, id),
            Route::Transactions => {
                let Self { posted, book, payments, clients, .. } = self;
                let sight = Sight { posted, book, payments, clients, client, now };
                sight.list(request.uri().query().unwrap_or_default())
            }
            Route::Payment => self.payment(now, client, id),
            _ => Ok(self.positive_pay.exceptions(&self.book, client, actor, now)),
        }
    }

    /// `GET /payments/{paymentId}`: what another client pays is not there.
    fn payment(&self, now: Duration, client: Client, id: &str) -> Result<Answer, Refusal> {
        let id: PaymentId =
            id.parse().map_err(|e| Refusal::malformed(format!("`paymentId` {e}.")))?;
        let own = self.payments.get(id).filter(|payment| payment.client == client);
        let payment = own.ok_or_else(|| {
            Refusal::not_found("ERR_PAY_001", "There is no payment with this `paymentId`.")
        })?;
        Ok(Answer::json(StatusCode::OK, &payment.resource(now, self.clients.id(client))))
    }
}

impl fmt::Debug for Bank {
    /// Short, and without tokens: it may hold a million payments.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bank")
            .field("now", &self.now())
            .field("total", &self.total())
            .field("entries", &self.entries().len())
            .finish_non_exhaustive()
    }
}

fn is_final(payments: &Payments, place: usize, now: Duration) -> bool {
    payments.at(place).is_none_or(|payment| payment.timeline.is_final(now))
}

fn is_api(method: &Method, uri: &Uri) -> bool {
    *method != Method::OPTIONS && control::below(uri.path()).is_none()
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
