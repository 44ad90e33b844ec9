//! `qbank demo`: the main job end to end, on an embedded sandbox.
//!
//! Every claim that it prints is checked; the demo fails if one does not hold.

mod text;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use qbank_proto::bytes::Bytes;
use qbank_proto::endpoint::{
    AchAccepted, Beneficiary, CreateAch, CreateTransfer, CreateWire, PaymentStatus,
};
use qbank_proto::http::{Method, Request};
use qbank_proto::webhook::{Delivery, Event, Verifier, VerifyError};
use qbank_proto::{
    Amount, Config, Credentials, Driver, Environment, ErrorKind, Fate, IdempotencyKey, PaymentId,
    Reply, Scope,
};
use qbank_sandbox::server::BankHandle;
use qbank_sandbox::{
    BankConfig, CLIENT_ID, CLIENT_SECRET, OPERATING, PAYROLL, SAVINGS, Server, WEBHOOK_SECRET,
};

use self::text::{Digest, check, does_not_hold, human, short_path, shown, title};
use crate::client::{self, Client};
use crate::failure::Failure;
use crate::output::print;
use crate::settings::Settings;

const QUARTER: Duration = Duration::from_secs(15 * 60);
const QUARTERS_IN_A_WEEK: u32 = 7 * 24 * 4;

pub(crate) fn run(settings: &Settings) -> Result<(), Failure> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = Server::start(address, BankConfig::default())
        .map_err(|error| Failure::Local(format!("cannot start the sandbox: {error}")))?;
    let credentials = Credentials::client(CLIENT_ID, CLIENT_SECRET);
    let environment = Environment::Sandbox { port: server.addr().port() };
    let config = Config::new(environment, credentials).scopes(Scope::ALL);
    let client = Client::with_driver(config, client::choose(settings)?)?;
    let demo =
        Demo { client, bank: server.bank(), total: server.bank().lock().total().to_string() };
    print(&format!(
        "QBank Connect, end to end. The bank is a sandbox on this machine, at {}.",
        server.base_url()
    ));
    demo.token()?;
    demo.balance("before")?;
    let payment = demo.lost_response()?;
    demo.settles(payment)?;
    demo.wire()?;
    demo.transfer()?;
    demo.refused()?;
    demo.webhook(payment)?;
    demo.ledger()?;
    server.stop();
    print("\nAll of it held.");
    Ok(())
}

struct Demo {
    client: Client,
    bank: BankHandle,
    total: String,
}

impl Demo {
    fn token(&self) -> Result<(), Failure> {
        title("1  A token");
        let info = self.client.authenticate()?;
        let lifetime = info.expires_in.unwrap_or_default().as_secs();
        print(&format!("   fetched once, shared by every call, valid for {lifetime} s"));
        Ok(())
    }

    fn balance(&self, when: &str) -> Result<(), Failure> {
        title(&format!("2  The balance {when}"));
        let balance = self.client.balances().get(OPERATING).send()?.value;
        let available = balance.available_balance.map(|it| it.to_string()).unwrap_or_default();
        print(&format!("   Operating has ${available} available"));
        Ok(())
    }

    fn lost_response(&self) -> Result<PaymentId, Failure> {
        title("3  An ACH payment of $1000.50 whose response is lost");
        self.fault(r#"{"method":"POST","path":"/v1/payments/ach","kind":"drop_after_commit"}"#)?;
        let call = self
            .client
            .payments()
            .create_ach(CreateAch::new(OPERATING, PAYROLL, amount("1000.50")?))
            .call();
        let key = call.key();
        print(&format!("   key {} is known before anything is sent", shown(key)));
        let before = self.bank.lock().requests().len();
        let reply: Reply<AchAccepted> = self.client.drive(call)?;
        self.show_requests(before);
        for (number, attempt) in reply.attempts.iter().enumerate() {
            let what = match (attempt.status, attempt.fault) {
                (Some(status), _) => format!("response {status}"),
                (None, Some(fault)) => fault.to_string(),
                (None, None) => "no response".to_owned(),
            };
            print(&format!("   attempt {}: {what}: {}", number + 1, attempt.fate));
        }
        print(&format!("   the payment in process was our own: followed, {}", reply.fate));
        check(reply.followed && reply.fate == Fate::Accepted, "the lost payment is followed")?;
        check(reply.attempts.len() == 2, "it was sent twice")?;
        check(self.entries_of(key) == 1, "the bank has it once")?;
        reply.value.payment_id.ok_or_else(|| does_not_hold("the followed payment has an id"))
    }

    fn settles(&self, payment: PaymentId) -> Result<(), Failure> {
        title("4  It settles as the bank's clock advances");
        let mut seen = None;
        for quarters in 0..QUARTERS_IN_A_WEEK {
            let state = self.client.payments().get(payment).send()?.value;
            if state.status != seen {
                let status = state.status.as_ref().map_or("not stated", |status| status.as_str());
                print(&format!("   after {:<12} {status}", human(QUARTER * quarters)));
            }
            seen = state.status;
            if seen.as_ref().is_some_and(PaymentStatus::is_final) {
                break;
            }
            self.bank.advance(QUARTER);
        }
        let done = self.client.payments().wait(payment).deadline(Duration::from_secs(20)).send()?;
        check(done.value.status == Some(PaymentStatus::Completed), "the payment is completed")
    }

    fn wire(&self) -> Result<(), Failure> {
        title("5  A wire of $250.00");
        let reply = self.client.payments().create_wire(wire("250.00")?).send()?;
        let status = reply.value.status.clone();
        print(&format!("   payment {}: {}", reply.value.payment_id, reply.fate));
        check(status == Some(PaymentStatus::Completed), "a wire is done at once")?;
        check(self.entries_of(reply.key) == 1, "the bank has the wire once")
    }

    fn transfer(&self) -> Result<(), Failure> {
        title("6  A transfer of $75.25 to savings");
        let transfer = CreateTransfer::new(OPERATING, SAVINGS, amount("75.25")?);
        let reply = self.client.transfers().create(transfer).send()?;
        print(&format!("   {} under key {}", reply.fate, shown(reply.key)));
        check(self.entries_of(reply.key) == 1, "the bank has the transfer once")
    }

    fn refused(&self) -> Result<(), Failure> {
        title("7  A wire of more than there is");
        let outcome = self.client.payments().create_wire(wire("99999999.00")?).send();
        let Err(error) = outcome else {
            return Err(does_not_hold("the bank refuses it"));
        };
        print(&format!("   {error}"));
        check(error.kind() == ErrorKind::InvalidRequest, "the bank refuses it")?;
        check(error.fate() == Fate::Refused, "its fate is refused")?;
        check(self.entries_of(error.key()) == 0, "no money moved")
    }

    fn webhook(&self, payment: PaymentId) -> Result<(), Failure> {
        title("8  The bank's webhook, and a forged one");
        let event = self.bank.lock().event_for(payment);
        let sent = event.ok_or_else(|| does_not_hold("the bank has an event for the payment"))?;
        let verifier = Verifier::new([WEBHOOK_SECRET]).map_err(Failure::Signature)?;
        let delivery = Delivery::new(&sent.headers, &sent.body).map_err(Failure::Signature)?;
        verifier.verify(&delivery, self.client.driver().now().unix).map_err(Failure::Signature)?;
        let event = Event::parse(&sent.body)
            .map_err(|error| Failure::Local(format!("the event cannot be read: {error}")))?;
        let status = event.data.status.as_ref().map_or("not stated", |status| status.as_str());
        print(&format!("   genuine: payment {} is {status}", event.data.payment_id));
        let mut forged = sent.body.to_vec();
        if let Some(byte) = forged.iter_mut().find(|byte| byte.is_ascii_digit()) {
            *byte = if *byte == b'9' { b'8' } else { b'9' };
        }
        let forged = Delivery { body: &forged, ..delivery };
        let result = verifier.verify(&forged, self.client.driver().now().unix);
        check(result == Err(VerifyError::Mismatch), "a forged webhook is refused")?;
        print("   one digit changed: refused");
        check(event.data.payment_id == payment, "the event is about our payment")
    }

    fn ledger(&self) -> Result<(), Failure> {
        title("9  The bank's ledger");
        let ledger = self.bank.lock().ledger();
        for entry in &ledger.entries {
            let kind = format!("{:?}", entry.kind).to_lowercase();
            print(&format!("   {kind:<9} ${:>9}   key {}", entry.amount, entry.intent_key));
        }
        let mut keys: Vec<_> = ledger.entries.iter().map(|entry| entry.intent_key).collect();
        keys.dedup();
        check(ledger.entries.len() == 3 && keys.len() == 3, "there is one entry per intent")?;
        check(ledger.total.to_string() == self.total, "the total is unchanged")?;
        print(&format!("   one entry per intent; the total is unchanged at ${}", ledger.total));
        Ok(())
    }

    /// The requests that arrived at the bank since.
    fn show_requests(&self, since: usize) {
        for request in self.bank.lock().requests().skip(since) {
            let key = request.idempotency_key.as_deref().unwrap_or("-");
            let fate = match (request.fault, request.status) {
                (Some(_), _) => "done, but the response is lost".to_owned(),
                (None, Some(status)) => status.to_string(),
                (None, None) => "-".to_owned(),
            };
            let body = Digest(&request.body_sha256);
            print(&format!(
                "   bank got {:<4} {:<23} key {:<8} body {body}  {fate}",
                request.method.to_string(),
                short_path(&request.path),
                key.get(..8).unwrap_or(key),
            ));
        }
    }

    fn entries_of(&self, key: Option<IdempotencyKey>) -> usize {
        let key = key.map(|key| key.to_string()).unwrap_or_default();
        let bank = self.bank.lock();
        bank.entries().iter().filter(|entry| entry.intent_key.to_string() == key).count()
    }

    fn fault(&self, json: &'static str) -> Result<(), Failure> {
        let mut request = Request::new(Bytes::from_static(json.as_bytes()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = "/_sandbox/faults".parse().unwrap_or_default();
        let response = self.bank.lock().handle(self.client.driver().now().unix, request);
        check(response.status().is_success(), "the sandbox accepts the fault")
    }
}

fn wire(dollars: &str) -> Result<CreateWire, Failure> {
    let bank_id = "021000021".parse().map_err(|_| does_not_hold("the routing number is valid"))?;
    let beneficiary = Beneficiary::new("ACME Supplies", bank_id, "0012345678");
    Ok(CreateWire::new(OPERATING, beneficiary, amount(dollars)?, "INV-2026-001"))
}

fn amount(dollars: &str) -> Result<Amount, Failure> {
    dollars.parse().map_err(|_| does_not_hold("the amount is valid"))
}
