//! Every status that is described is given, and described as it is given.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use qbank_proto::Scope;
use qbank_sandbox::{BankConfig, CLOSED, OPERATING, Server};

use crate::customer::{Customer, FORM, ach, issue, key, transfer, wire};
use crate::described::{Operation, check_response, description};

const UNKNOWN_ID: &str = "00000000-0000-4000-8000-000000000000";
const CREDENTIALS: &str =
    "grant_type=client_credentials&client_id=sandbox&client_secret=sandbox-secret";

/// A request that the bank can do, and what to change about it.
#[derive(Clone)]
struct Asked {
    method: String,
    path: String,
    bearer: Option<String>,
    media: Option<&'static str>,
    key: Option<String>,
    body: String,
}

impl Asked {
    fn send(&self, customer: &mut Customer) -> u16 {
        let mut headers = Vec::new();
        headers.extend(self.bearer.as_deref().map(|bearer| ("authorization", bearer)));
        headers.extend(self.media.map(|media| ("content-type", media)));
        headers.extend(self.key.as_deref().map(|key| ("idempotency-key", key)));
        let response = customer.send(&self.method, &self.path, &headers, &self.body);
        check_response(
            &self.method,
            &self.path,
            response.status,
            &response.headers,
            &response.body,
        );
        response.status
    }
}

/// What the bank can do, with the n-th key.
fn good(it: &Operation, customer: &mut Customer, n: u8) -> Asked {
    let body = match it.id() {
        "createToken" => CREDENTIALS.to_owned(),
        "createAchPayment" => ach("1.00"),
        "createWirePayment" => wire("1.00"),
        "createTransfer" => transfer("1.00"),
        "createCheckIssue" => issue(&key(n)),
        _ => String::new(),
    };
    let payment = customer.bank.entries().iter().find_map(|entry| entry.payment_id);
    let path = it
        .template
        .replace("{accountId}", &OPERATING.to_string())
        .replace("{paymentId}", &payment.map_or(UNKNOWN_ID.into(), |id| id.to_string()));
    let token = it.id() == "createToken";
    Asked {
        method: it.method.to_string(),
        path: format!("/v1{path}"),
        bearer: (!token).then(|| customer.bearer()),
        media: if token { Some(FORM) } else { (!body.is_empty()).then_some("application/json") },
        key: (!token && !body.is_empty()).then(|| key(n)),
        body,
    }
}

/// Asks so that the response has this status.
fn provoke(it: &Operation, status: u16, customer: &mut Customer) -> u16 {
    let mut asked = good(it, customer, 7);
    let writes = asked.key.is_some();
    let token = it.id() == "createToken";
    match status {
        400 if token => asked.body = "grant_type=password&".to_owned() + CREDENTIALS,
        400 if writes => asked.body = "{}".into(),
        400 if it.template.contains('{') => asked.path.push('x'),
        400 if it.id() == "listTransactions" => asked.path.push_str("?page=1"),
        400 => return unreadable(&asked, "no colon\r\n"),
        401 if token => asked.body = asked.body.replace("secret=sandbox", "secret=other"),
        401 => asked.bearer = Some("Bearer made-up".into()),
        403 => {
            let others: Vec<&str> = Scope::ALL.iter().map(Scope::as_str).collect();
            let others: Vec<&str> =
                others.into_iter().filter(|scope| Some(*scope) != it.scope()).collect();
            customer.log_in(&others.join("+"));
            asked.bearer = Some(customer.bearer());
        }
        404 if writes => {
            for account in ["0001", "0003", "0004"] {
                let known = OPERATING.to_string().replace("0001", account);
                asked.body = asked.body.replace(&known, UNKNOWN_ID);
            }
        }
        404 if it.id() == "listTransactions" => {
            asked.path = format!("{}?accountId={UNKNOWN_ID}", asked.path);
        }
        404 => {
            let (folder, _) = asked.path.rsplit_once('/').unwrap();
            asked.path = format!("{folder}/{UNKNOWN_ID}");
        }
        409 => {
            customer.fault(&format!(r#"{{"path":"{}","kind":"in_flight"}}"#, asked.path));
        }
        413 => asked.body = " ".repeat(1024 * 1024 + 1),
        415 => asked.media = Some("text/plain"),
        422 => {
            let (open, closed) = (OPERATING.to_string(), CLOSED.to_string());
            for account in ["0001", "0003", "0004"] {
                asked.body = asked.body.replacen(&open.replace("0001", account), &closed, 1);
            }
        }
        429 | 503 => {
            let path = &asked.path;
            customer.fault(&format!(
                r#"{{"path":"{path}","kind":"status","status":{status},"retry_after":1}}"#
            ));
        }
        431 => return unreadable(&asked, &"x-1: y\r\n".repeat(2_000)),
        _ => {}
    }
    asked.send(customer)
}

#[test]
fn every_described_status_is_given_as_described() {
    for it in &description().operations {
        for (status, _) in it.node["responses"].as_object().unwrap() {
            let mut customer = Customer::new();
            assert_eq!(customer.write("/v1/payments/ach", &key(1), &ach("2.00")).status, 202);
            let status: u16 = status.parse().unwrap();
            assert_eq!(provoke(it, status, &mut customer), status, "{}", it.id());
        }
    }
}

#[test]
fn whatever_can_be_provoked_is_described() {
    for it in &description().operations {
        for status in [400, 401, 403, 404, 409, 413, 415, 422, 429, 431, 503] {
            let mut customer = Customer::new();
            customer.write("/v1/payments/ach", &key(1), &ach("2.00"));
            // Where there is no such response it is another one; each is held against the
            // description.
            provoke(it, status, &mut customer);
        }
    }
}

#[test]
fn every_path_responds_to_other_methods_as_described() {
    for it in &description().operations {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "TRACE"] {
            let mut customer = Customer::new();
            let asked = Asked { method: method.into(), ..good(it, &mut customer, 1) };
            let status = asked.send(&mut customer);
            assert_eq!(status == 405, it.method != *method, "{method} {}", it.template);
        }
    }
}

#[test]
fn every_scope_is_described_and_enough() {
    let this = description();
    let flow = &this.root["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"];
    let described: BTreeSet<&str> =
        flow["scopes"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(described, Scope::ALL.iter().map(Scope::as_str).collect());
    for it in &this.operations {
        let Some(scope) = it.scope() else { continue };
        assert!(described.contains(scope), "{scope}");
        let mut customer = Customer::new();
        customer.log_in(scope);
        let status = good(it, &mut customer, 1).send(&mut customer);
        assert_ne!(status, 403, "{} needs more than {scope}", it.id());
    }
}

#[test]
fn a_check_that_was_reported_before_is_a_standard_error_and_no_conflict_of_keys() {
    let mut customer = Customer::new();
    let path = "/v1/positivepay/issues";
    assert_eq!(customer.write(path, &key(1), &issue(&key(9))).status, 202);
    customer.write(path, &key(2), &issue(&key(9))).refused(409, "ERR_PPY_001");
}

/// The errors of a malformed head, which only a server can meet.
fn unreadable(asked: &Asked, headers: &str) -> u16 {
    let server = Server::start(([127, 0, 0, 1], 0).into(), BankConfig::default()).unwrap();
    let mut stream = TcpStream::connect(server.addr()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let head = format!("{} {} HTTP/1.1\r\nhost: x\r\n{headers}\r\n", asked.method, asked.path);
    // The server may have closed before all of it was written.
    let _ = stream.write_all(head.as_bytes());
    let mut response = Vec::new();
    let _ = stream.read_to_end(&mut response);
    let response = String::from_utf8(response).unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: HeaderMap = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| {
            (name.parse::<http::HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap())
        })
        .collect();
    check_response(&asked.method, &asked.path, status, &headers, body.as_bytes());
    status
}
