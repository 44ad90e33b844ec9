//! Several clients of one bank, which do not see each other.

use qbank_proto::{Money, Scope};
use qbank_sandbox::{
    AccountConfig, AccountType, Bank, BankConfig, ClientConfig, OPERATING, SECOND_CLIENT_ID,
    SECOND_CLIENT_SECRET, SECOND_OPERATING, SECOND_SAVINGS,
};

use crate::customer::{BankResponse, Customer, FORM, HOUR, ach, issue, key, transfer};

fn as_second(customer: &mut Customer) {
    customer.log_in_as(SECOND_CLIENT_ID, SECOND_CLIENT_SECRET, "");
}

fn second_transfer(amount: &str) -> String {
    format!(
        r#"{{"from_account_id":"{SECOND_OPERATING}","to_account_id":"{SECOND_SAVINGS}","amount":{amount}}}"#
    )
}

#[test]
fn what_one_client_has_is_not_there_for_another() {
    let mut customer = Customer::new();
    let paid = customer.write("/v1/payments/ach", &key(1), &ach("10.00"));
    customer.advance(24 * HOUR);
    as_second(&mut customer);

    let accounts = customer.get("/v1/accounts").json();
    let ids: Vec<&str> =
        accounts.as_array().unwrap().iter().map(|it| it["accountId"].as_str().unwrap()).collect();
    assert_eq!(ids, [SECOND_OPERATING.to_string(), SECOND_SAVINGS.to_string()]);
    assert_eq!(accounts[0]["actor"], SECOND_CLIENT_ID);
    customer.get(&format!("/v1/balances/{OPERATING}")).refused(404, "ERR_ACC_001");
    customer.get(paid.header("location")).refused(404, "ERR_PAY_001");
    assert_eq!(customer.get("/v1/transactions").text(), "[]");
    assert_eq!(customer.get("/v1/positivepay/exceptions").text(), "[]");
    customer.get(&format!("/v1/transactions?accountId={OPERATING}")).refused(404, "ERR_ACC_001");
    customer.write("/v1/payments/ach", &key(2), &ach("1.00")).refused(404, "ERR_ACC_001");
    let to_it =
        second_transfer("1.00").replace(&SECOND_SAVINGS.to_string(), &OPERATING.to_string());
    customer.write("/v1/transfers", &key(2), &to_it).refused(404, "ERR_ACC_001");
}

#[test]
fn the_same_key_in_the_hands_of_two_clients_is_two_intents() {
    let mut customer = Customer::new();
    let total = customer.bank.total();
    assert_eq!(customer.write("/v1/transfers", &key(1), &transfer("1.00")).status, 201);
    as_second(&mut customer);
    let second = customer.write("/v1/transfers", &key(1), &second_transfer("2.00"));
    assert_eq!(second.status, 201);
    assert_eq!(second.json()["actor"], SECOND_CLIENT_ID);
    assert_eq!(customer.bank.entries().len(), 2);
    assert_eq!(customer.cents(SECOND_SAVINGS), 1_000_200);
    assert_eq!(customer.bank.total(), total);
}

#[test]
fn the_same_issue_id_of_two_clients_is_two_checks() {
    let mut customer = Customer::new();
    let body = issue("0d1c7f9e-8f2b-4b7e-9a3d-5c6b7a8f9e01");
    assert_eq!(customer.write("/v1/positivepay/issues", &key(1), &body).status, 202);
    as_second(&mut customer);
    let body = body.replace(&OPERATING.to_string(), &SECOND_OPERATING.to_string());
    assert_eq!(customer.write("/v1/positivepay/issues", &key(1), &body).status, 202);
}

#[test]
fn a_receiver_gets_the_payments_of_its_own_client() {
    let mut customer = Customer::new();
    customer.control("POST", "/webhooks", r#"{"url":"http://127.0.0.1:1/first"}"#);
    let second = r#"{"url":"http://127.0.0.1:1/second","client_id":"sandbox-b"}"#;
    assert_eq!(customer.control("POST", "/webhooks", second).status, 201);
    let nobody = second.replace("sandbox-b", "nobody");
    customer.control("POST", "/webhooks", &nobody).refused(400, "ERR_REQ_001");
    customer.write("/v1/payments/ach", &key(1), &ach("10.00"));
    customer.advance(24 * HOUR);
    let due = customer.bank.tick(customer.now);
    assert_eq!(due.iter().map(|it| &*it.url).collect::<Vec<_>>(), ["http://127.0.0.1:1/first"]);
    customer.log_in("");
    let id = due[0].payment_id;
    let body = format!(r#"{{"paymentId":"{id}","status":"P_PROCESSING"}}"#);
    assert_eq!(customer.control("POST", "/webhooks/trigger", &body).json()["receivers"], 1);
}

#[test]
fn a_bank_can_have_other_clients_with_fewer_scopes() {
    let account = "acc00000-0000-4000-8000-0000000000c1".parse().unwrap();
    let checking = AccountConfig::new(account, "Till", AccountType::Checking, Money::from_cents(5));
    let reader = ClientConfig::new("reader", "reader-secret")
        .scopes([Scope::AccountsRead])
        .account(checking.closed());
    let config = BankConfig { clients: vec![reader], ..BankConfig::default() };
    assert!(!format!("{config:?}").contains("reader-secret"));
    let mut customer = Customer::of(Bank::new(config.clone()), config.start);
    assert_eq!(customer.bank.total(), Money::from_cents(5));

    let refused = token(&mut customer, "reader", "reader-secret", "payments.read");
    assert_eq!((refused.status, &refused.json()["error"]), (400, &"invalid_scope".into()));
    let stranger = token(&mut customer, "sandbox", "sandbox-secret", "");
    assert_eq!(stranger.status, 401);
    customer.log_in_as("reader", "reader-secret", "");
    assert_eq!(customer.get("/v1/accounts").json()[0]["status"], "Closed");
    customer.get("/v1/transactions").refused(403, "ERR_AUTH_002");
    let clients = customer.control("GET", "/clients", "").json();
    assert_eq!(clients[0]["client_id"], "reader");
    assert_eq!(clients[0]["accounts"][0]["accountId"], account.to_string());
}

fn token(customer: &mut Customer, id: &str, secret: &str, scope: &str) -> BankResponse {
    let form = format!(
        "grant_type=client_credentials&client_id={id}&client_secret={secret}&scope={scope}"
    );
    customer.send("POST", "/v1/token", &[("content-type", FORM)], &form)
}
