//! The sandbox: any requests, in any order.

use std::collections::BTreeSet;
use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, Uri};
use qbank_sandbox::{
    Bank, BankConfig, CLOSED, LedgerEntry, OPERATING, PAYROLL, SAVINGS, SECOND_OPERATING, WireFault,
};

#[derive(Debug, Arbitrary)]
enum Op<'a> {
    Request(Call<'a>),
    Advance(u32),
    Tick(u16),
    /// Trouble for the requests to come.
    Fault {
        path: Path<'a>,
        kind: u8,
        times: u8,
    },
}

#[derive(Debug, Arbitrary)]
struct Call<'a> {
    method: Verb,
    path: Path<'a>,
    token: Token,
    key: Key<'a>,
    body: Body<'a>,
    content: Content,
    extra: Option<(&'a str, &'a [u8])>,
}

#[derive(Debug, Arbitrary)]
enum Verb {
    Get,
    Post,
    Put,
    Delete,
    Options,
    Head,
    Odd,
}

#[derive(Debug, Arbitrary)]
enum Path<'a> {
    Token,
    Accounts,
    Balance(Account),
    Transactions(Option<&'a str>),
    Ach,
    Wire,
    /// The payment of an entry, or none.
    Payment(u8),
    Transfers,
    Issues,
    Exceptions,
    Control(u8),
    Any(&'a str),
}

#[derive(Debug, Arbitrary, Clone, Copy)]
enum Account {
    Operating,
    Payroll,
    Savings,
    Closed,
    /// Another client's.
    Other,
    Nobody,
}

#[derive(Debug, Arbitrary)]
enum Token {
    Good,
    Weak,
    Bad,
    Missing,
}

#[derive(Debug, Arbitrary)]
enum Key<'a> {
    /// One of a few, so that they meet.
    Pool(u8),
    Any(&'a [u8]),
    Missing,
    Twice,
}

#[derive(Debug, Arbitrary)]
enum Body<'a> {
    Ach { from: Account, to: Account, cents: u32 },
    Outside { from: Account, cents: u32, magic: u8 },
    Wire { from: Account, cents: u32, magic: u8 },
    Transfer { from: Account, to: Account, cents: u32 },
    Issue { account: Account, issue: u8, cents: u32 },
    Form,
    Huge,
    Raw(&'a [u8]),
}

#[derive(Debug, Arbitrary)]
enum Content {
    Json,
    Form,
    Html,
    Missing,
}

/// Nothing that a client sends makes a 5xx, moves the total, or gives one key two
/// entries; what happened stays.
pub fn sandbox(input: &[u8]) {
    let mut input = Unstructured::new(input);
    // A key that is forgotten would be a new one.
    let config = BankConfig {
        key_lifetime: Duration::MAX,
        token_lifetime: Duration::from_secs(u64::from(u32::MAX) * 100),
        ..BankConfig::default()
    };
    let mut world = World { now: config.start, tokens: Vec::new(), bank: Bank::new(config) };
    world.tokens = [ALL_SCOPES, "accounts.read"].map(|scope| world.token(scope)).to_vec();
    let total = world.bank.total();
    let mut entries = Vec::new();
    for _ in 0..24 {
        let Ok(op) = Op::arbitrary(&mut input) else { break };
        world.apply(&op);
        assert_eq!(world.bank.total(), total, "money came or went: {op:?}");
        let now = world.bank.entries();
        assert!(now.len() >= entries.len(), "the past is gone: {op:?}");
        entries.extend_from_slice(&now[entries.len()..]);
        if input.is_empty() {
            break;
        }
    }
    for (entry, was) in world.bank.entries().iter().zip(&entries) {
        // Only that it was taken back may come to it.
        let fixed = |it: &LedgerEntry| {
            (it.entry_id, it.intent_key, it.amount, it.from, it.to, it.payment_id)
        };
        assert_eq!(fixed(entry), fixed(was), "the past changed");
    }
    let keys: BTreeSet<_> = entries.iter().map(|entry| entry.intent_key).collect();
    assert_eq!(keys.len(), entries.len(), "one intent, two entries");
    assert_eq!(world.bank.ledger().total, total);
}

struct World {
    bank: Bank,
    now: Duration,
    tokens: Vec<String>,
}

impl World {
    fn token(&mut self, scope: &str) -> String {
        let form = format!("{FORM}&scope={}", scope.replace(' ', "+"));
        let request = Request::post("/v1/token").header("content-type", FORM_TYPE);
        let answer = self.bank.handle(self.now, request.body(Bytes::from(form)).unwrap());
        let json: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
        json["access_token"].as_str().unwrap().to_owned()
    }

    fn apply(&mut self, op: &Op<'_>) {
        match op {
            Op::Advance(seconds) => {
                self.bank.advance(self.now, Duration::from_secs(u64::from(*seconds)));
            }
            Op::Tick(seconds) => {
                self.now += Duration::from_secs(u64::from(*seconds));
                drop(self.bank.tick(self.now));
            }
            Op::Fault { path, kind, times } => {
                let kinds = [
                    r#""kind":"drop_after_commit""#,
                    r#""kind":"truncate""#,
                    r#""kind":"delay","ms":5"#,
                    r#""kind":"html""#,
                    r#""kind":"garbage""#,
                    r#""kind":"slow","bytes_per_s":1"#,
                    r#""kind":"revoke_token""#,
                    r#""kind":"in_flight""#,
                    r#""kind":"refuse""#,
                    r#""kind":"status","status":503,"retry_after":1"#,
                ];
                let kind = kinds[usize::from(*kind) % kinds.len()];
                let path = self.path(path);
                let path = path.split('?').next().unwrap_or_default();
                let path = serde_json::to_string(path).unwrap();
                let body = format!("{{\"path\":{path},\"times\":{},{kind}}}", times % 4 + 1);
                let request = Request::post("/_sandbox/faults").body(Bytes::from(body)).unwrap();
                let answer = self.bank.handle(self.now, request);
                assert!(answer.status().as_u16() < 500);
            }
            Op::Request(call) => self.request(call),
        }
    }

    fn request(&mut self, call: &Call<'_>) {
        let Ok(uri) = self.path(&call.path).parse::<Uri>() else { return };
        let mut request = Request::new(body(&call.body));
        *request.uri_mut() = uri.clone();
        *request.method_mut() = match call.method {
            Verb::Get => Method::GET,
            Verb::Post => Method::POST,
            Verb::Put => Method::PUT,
            Verb::Delete => Method::DELETE,
            Verb::Options => Method::OPTIONS,
            Verb::Head => Method::HEAD,
            Verb::Odd => Method::from_bytes(b"BREW").unwrap(),
        };
        let headers = request.headers_mut();
        let bearer = match call.token {
            Token::Good => self.tokens.first().cloned(),
            Token::Weak => self.tokens.get(1).cloned(),
            Token::Bad => Some("made-up".into()),
            Token::Missing => None,
        };
        if let Some(bearer) = bearer {
            headers.insert("authorization", format!("Bearer {bearer}").parse().unwrap());
        }
        let mut put = |name: HeaderName, value: &[u8]| {
            if let Ok(value) = HeaderValue::from_bytes(value) {
                headers.append(name, value);
            }
        };
        let key = HeaderName::from_static("idempotency-key");
        match call.key {
            Key::Pool(n) => put(key, pooled(n % 4).as_bytes()),
            Key::Any(bytes) => put(key, bytes),
            Key::Missing => {}
            Key::Twice => (1..3).for_each(|n| put(key.clone(), pooled(n).as_bytes())),
        }
        let content = HeaderName::from_static("content-type");
        match call.content {
            Content::Json => put(content, b"application/json"),
            Content::Form => put(content, FORM_TYPE.as_bytes()),
            Content::Html => put(content, b"text/html"),
            Content::Missing => {}
        }
        if let Some((name, value)) = call.extra
            && let Ok(name) = HeaderName::from_bytes(name.as_bytes())
        {
            put(name, value);
        }

        let method = request.method().clone();
        let before = self.bank.requests().len();
        let answer = self.bank.handle(self.now, request);
        self.judge(&answer, before, &method, &uri);
    }

    fn judge(&self, answer: &Response<Bytes>, before: usize, method: &Method, uri: &Uri) {
        let status = answer.status().as_u16();
        let fault = self.bank.requests().skip(before).find_map(|request| request.fault);
        assert!(status < 500 || fault.is_some(), "{method} {uri}: {status}");
        assert!(answer.headers().contains_key("date"));
        if WireFault::of(answer.extensions()).is_some() {
            assert!(fault.is_some(), "trouble that nobody ordered");
        }
        if fault.is_some() {
            return;
        }
        assert!(status != 405 || answer.headers().contains_key("allow"), "405 without Allow");
        assert!(status != 401 || answer.headers().contains_key("www-authenticate"));
        if status >= 400 {
            let json: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
            let known = ["message", "detail", "error"].iter().any(|name| json[name].is_string());
            assert!(known, "an error that says nothing: {json}");
        }
    }

    fn path(&self, path: &Path<'_>) -> String {
        match path {
            Path::Token => "/v1/token".into(),
            Path::Accounts => "/v1/accounts".into(),
            Path::Balance(account) => format!("/v1/balances/{}", id(*account)),
            Path::Transactions(None) => "/v1/transactions".into(),
            Path::Transactions(Some(query)) => format!("/v1/transactions?{query}"),
            Path::Ach => "/v1/payments/ach".into(),
            Path::Wire => "/v1/payments/wire".into(),
            Path::Payment(n) => {
                let entry = self.bank.entries().get(usize::from(*n));
                let id = entry.and_then(|entry| entry.payment_id).map(|id| id.to_string());
                format!("/v1/payments/{}", id.unwrap_or_else(|| pooled(*n)))
            }
            Path::Transfers => "/v1/transfers".into(),
            Path::Issues => "/v1/positivepay/issues".into(),
            Path::Exceptions => "/v1/positivepay/exceptions".into(),
            Path::Control(n) => {
                let below = [
                    "",
                    "/ledger",
                    "/requests",
                    "/faults",
                    "/advance",
                    "/webhooks",
                    "/x",
                    "/magic",
                    "/clients",
                    "/accounts",
                    "/checks",
                    "/webhooks/trigger",
                    "/webhooks/resend",
                    "/webhooks/trouble",
                    "/deliveries",
                ];
                format!("/_sandbox{}", below[usize::from(*n) % below.len()])
            }
            Path::Any(text) => format!("/{text}"),
        }
    }
}

fn body(body: &Body<'_>) -> Bytes {
    let json = match *body {
        Body::Ach { from, to, cents } => serde_json::json!({
            "source_account_id": id(from), "destination_account_id": id(to),
            "amount": dollars(cents),
        }),
        Body::Outside { from, cents, magic } => serde_json::json!({
            "source_account_id": id(from), "amount": dollars(cents), "recipient_details": who(magic),
            "reference_id": reference(magic),
        }),
        Body::Wire { from, cents, magic } => serde_json::json!({
            "source_account_id": id(from), "amount": dollars(cents),
            "beneficiary_details": who(magic), "reference_code": reference(magic),
        }),
        Body::Transfer { from, to, cents } => serde_json::json!({
            "from_account_id": id(from), "to_account_id": id(to), "amount": dollars(cents),
        }),
        Body::Issue { account, issue, cents } => serde_json::json!({
            "issue_id": pooled(issue % 4), "account_id": id(account), "check_number": "1001",
            "amount": dollars(cents), "issue_date": "2026-01-05",
        }),
        Body::Form => return Bytes::from_static(FORM.as_bytes()),
        Body::Huge => return vec![b' '; 1024 * 1024 + 1].into(),
        Body::Raw(bytes) => return Bytes::copy_from_slice(bytes),
    };
    serde_json::to_vec(&json).unwrap().into()
}

/// Somebody outside; some of them make a payment fail.
fn who(magic: u8) -> serde_json::Value {
    let numbers = ["7", "7", "9990000001", "9990000002", "9990000003"];
    let bank = if magic & 0x80 == 0 { "021000021" } else { "990000000" };
    let number = numbers[usize::from(magic & 0x0f) % numbers.len()];
    serde_json::json!({"name": "ACME", "bank_id": bank, "account_number": number})
}

fn reference(magic: u8) -> &'static str {
    let references =
        ["INV-7", "INV-7", "SBX-VALIDATION-FUNDS", "SBX-CORE-CLOSED", "SBX-CORE-FUNDS"];
    references[usize::from(magic >> 4 & 0x07) % references.len()]
}

const FORM_TYPE: &str = "application/x-www-form-urlencoded";
const FORM: &str = "grant_type=client_credentials&client_id=sandbox&client_secret=sandbox-secret";
const ALL_SCOPES: &str = "accounts.read balances.read transactions.read payments.read \
     payments.ach.write payments.wire.write transfers.write positivepay.issues.write \
     positivepay.exceptions.read";

fn id(account: Account) -> String {
    match account {
        Account::Operating => OPERATING.to_string(),
        Account::Payroll => PAYROLL.to_string(),
        Account::Savings => SAVINGS.to_string(),
        Account::Closed => CLOSED.to_string(),
        Account::Other => SECOND_OPERATING.to_string(),
        Account::Nobody => pooled(9),
    }
}

fn pooled(n: u8) -> String {
    format!("5b0f2f0e-7a1c-4b52-9c53-0d8f6f4b8a{n:02x}")
}

/// As a JSON number, digit by digit.
fn dollars(cents: u32) -> serde_json::Value {
    let text = format!("{}.{:02}", cents / 100, cents % 100);
    serde_json::from_str(&text).unwrap()
}
