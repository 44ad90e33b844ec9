//! Every request of the client is one that the description allows.

use std::collections::BTreeSet;
use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use qbank_proto::endpoint::{
    Beneficiary, CreateAch, CreateCheckIssue, CreateTransfer, CreateWire, Effect, Endpoint,
    GetBalance, GetPayment, ListAccounts, ListCheckExceptions, ListTransactions, Recipient,
};
use qbank_proto::{
    AccountId, Amount, Authenticate, Call, CallOptions, ClientAuth, Config, Credentials,
    Environment, IdempotencyKey, Machine, Now, Session, Step, WriteOptions,
};

use crate::described::{check_request, description};

const BASE: &str = "https://bank.example/v1";

#[test]
fn every_request_of_the_client_is_as_described() {
    let session = |auth| {
        let credentials = Credentials::client("sandbox", "sandbox-secret");
        let mut config = Config::new(Environment::custom(BASE), credentials);
        config.client_auth = auth;
        config.scopes = qbank_proto::Scope::ALL.to_vec();
        Session::new(config).unwrap()
    };
    let mut asked = BTreeSet::new();
    for auth in [ClientAuth::Body, ClientAuth::Basic] {
        let mut machine = Authenticate::new(&session(auth), &CallOptions::default(), 3);
        let token = sent(&mut machine).pop().unwrap();
        asked.insert(check_request(&token, "/v1").id().to_owned());
    }
    let session = session(ClientAuth::Body);
    let (from, to): (AccountId, AccountId) = (id(1), id(2));
    let amount: Amount = "1000.50".parse().unwrap();
    let date = "2026-01-05".parse().unwrap();
    let bank = || "021000021".parse().unwrap();
    let recipient = Recipient::new("ACME", bank(), "0012345678");
    let recipient = recipient.with_member("account_type", "\"checking\"").unwrap();
    let beneficiary = Beneficiary::new("ACME", bank(), "0012345678");

    let asked = &mut asked;
    check(&session, ListAccounts, asked);
    check(&session, GetBalance::new(from), asked);
    check(&session, ListTransactions::new(), asked);
    check(&session, ListTransactions::new().account(from).posted_since(date), asked);
    check(&session, GetPayment::new(id(3)), asked);
    check(&session, ListCheckExceptions, asked);
    check(&session, CreateAch::new(from, to, amount), asked);
    let outside = CreateAch::new(from, recipient, "0.01".parse().unwrap());
    check(&session, outside.effective_date(date).reference_id("INV-7"), asked);
    check(&session, CreateWire::new(from, beneficiary, amount, "INV-7"), asked);
    check(&session, CreateTransfer::new(from, to, amount), asked);
    check(&session, CreateCheckIssue::new(id(4), from, "1001", amount, date), asked);

    let described: BTreeSet<String> =
        description().operations.iter().map(|it| it.id().to_owned()).collect();
    assert_eq!(*asked, described, "the client can do all that is described");
}

/// Holds what a call sends, its path and its scope against the description.
fn check<E: Endpoint>(session: &Session, endpoint: E, asked: &mut BTreeSet<String>) {
    let options = E::Effect::options(CallOptions::default(), || {
        let mut options = WriteOptions::new(IdempotencyKey::from_entropy([5; 16]));
        options.auth_date = Some("Mon, 05 Jan 2026 13:00:00 GMT".parse().unwrap());
        options
    });
    let mut call = Call::new(session, endpoint, options, 5);
    let request = sent(&mut call).pop().unwrap();
    let it = check_request(&request, "/v1");
    assert_eq!((it.template.as_str(), &it.method), (E::PATH, &E::METHOD));
    assert_eq!(it.scope(), E::SCOPE.as_ref().map(qbank_proto::Scope::as_str));
    assert!(request.headers()["authorization"].to_str().unwrap().starts_with("Bearer "));
    asked.insert(it.id().to_owned());
}

/// What a machine sends, a token request included.
fn sent<M: Machine>(machine: &mut M) -> Vec<Request<Bytes>> {
    let now = Now { mono: Duration::from_secs(1), unix: Duration::from_secs(1_767_614_400) };
    let mut all = Vec::new();
    while let Step::Send(exchange) = machine.poll(now, Waker::noop()) {
        let token = exchange.request.uri().path().ends_with("/token");
        all.push(exchange.request);
        if !token {
            break;
        }
        let body = r#"{"access_token":"t","token_type":"Bearer","expires_in":3600}"#;
        machine.settle(
            now,
            exchange.ticket,
            Ok(Response::new(Bytes::from_static(body.as_bytes()))),
        );
    }
    all
}

fn id<K>(n: u8) -> qbank_proto::Id<K> {
    format!("6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f{n:02x}").parse().unwrap()
}
