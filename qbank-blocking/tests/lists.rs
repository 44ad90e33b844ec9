//! Lists that are read while they arrive.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::task::Waker;
use std::thread;
use std::time::{Duration, Instant};

use qbank_blocking::bytes::Bytes;
use qbank_blocking::endpoint::ListTransactions;
use qbank_blocking::http::Response;
use qbank_blocking::{
    AccessToken, BoxError, Call, Client, Config, Credentials, Environment, Error, ErrorKind, Fate,
    Fault, ListDriver, Machine, Now, OpenList, Reply, Step, Ticket, TransactionId,
};

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";

/// A server that gives each connection, in order, to one of these.
fn serve(script: Vec<Box<dyn FnOnce(TcpStream) + Send>>) -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for respond in script {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut line = String::new();
            while reader.read_line(&mut line).unwrap() > 2 {
                line.clear();
            }
            thread::spawn(move || respond(stream));
        }
    });
    let token = Credentials::Token(AccessToken::new("a-ready-made-token").unwrap());
    let mut config = Config::new(Environment::Sandbox { port }, token);
    config.retry.base = Duration::from_millis(5);
    Client::new(config).unwrap()
}

fn id(n: u32) -> TransactionId {
    format!("6f1c0e9a-52a5-4c86-9c1f-0a4b{n:08x}").parse().unwrap()
}

fn item(n: u32) -> String {
    format!(r#"{{"transactionId":"{}","amount":{n}.50}}"#, id(n))
}

#[test]
fn an_item_is_there_before_the_next_one_is_sent() {
    let (got, may_continue) = mpsc::channel();
    let client = serve(vec![Box::new(move |mut stream| {
        write!(stream, "{HEAD}\r\n[{}", item(1)).unwrap();
        may_continue.recv_timeout(Duration::from_secs(10)).unwrap();
        write!(stream, ",{}]", item(2)).unwrap();
    })]);
    let mut list = client.transactions().list(ListTransactions::new()).stream().unwrap();
    assert_eq!(list.reply().status(), 200);
    assert_eq!(list.next().unwrap().unwrap().transaction_id, id(1));
    got.send(()).unwrap();
    assert_eq!(list.next().unwrap().unwrap().transaction_id, id(2));
    assert!(list.next().is_none());
    assert!(list.next().is_none());
}

#[test]
fn a_response_cut_off_gives_the_items_before_and_then_the_offset() {
    let whole = format!("[{},{}", item(1), item(2));
    let cut_off_at = whole.len() as u64;
    let client = serve(vec![Box::new(move |mut stream| {
        write!(stream, "{HEAD}content-length: 5000\r\n\r\n{whole}").unwrap();
    })]);
    let list = client.transactions().list(ListTransactions::new()).stream().unwrap();
    let (good, bad): (Vec<_>, Vec<_>) = list.partition(Result::is_ok);
    assert_eq!(good.len(), 2);
    let error = bad.into_iter().next().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedResponse);
    assert_eq!(error.fate(), Fate::NotApplicable);
    assert_eq!(error.offset(), Some(cut_off_at));
    assert!(error.to_string().contains("after 2 items"), "{error}");
}

#[test]
fn the_deadline_ends_a_list_that_stalls() {
    let (done, released) = mpsc::channel::<()>();
    let client = serve(vec![Box::new(move |mut stream| {
        write!(stream, "{HEAD}\r\n[{},", item(1)).unwrap();
        let _ = released.recv_timeout(Duration::from_secs(20));
    })]);
    let begun = Instant::now();
    let call = client.transactions().list(ListTransactions::new());
    let mut list = call.deadline(Duration::from_millis(300)).stream().unwrap();
    assert!(list.next().unwrap().is_ok());
    let error = list.next().unwrap().unwrap_err();
    assert!(error.to_string().contains("broke off"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(10));
    drop(done);
}

#[test]
fn other_calls_of_the_thread_may_come_between_two_items() {
    let (got, may_continue) = mpsc::channel();
    let client = serve(vec![
        Box::new(move |mut stream| {
            write!(stream, "{HEAD}\r\n[{}", item(1)).unwrap();
            may_continue.recv_timeout(Duration::from_secs(10)).unwrap();
            write!(stream, ",{}]", item(2)).unwrap();
        }),
        Box::new(|mut stream| write!(stream, "{HEAD}content-length: 2\r\n\r\n[]").unwrap()),
    ]);
    let mut list = client.transactions().list(ListTransactions::new()).stream().unwrap();
    assert!(list.next().unwrap().is_ok());
    let call = client.accounts().list().timeout(Duration::from_secs(5));
    assert!(call.send().unwrap().value.is_empty());
    got.send(()).unwrap();
    assert!(list.next().unwrap().is_ok());
    assert!(list.next().is_none());
}

#[test]
fn a_response_that_does_not_begin_is_retried_and_a_refusal_is_an_error() {
    let client = serve(vec![
        Box::new(drop),
        Box::new(|mut stream| {
            let error = r#"{"message":"later","error_code":"ERR_MNT"}"#;
            let length = error.len();
            let head = "HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n";
            write!(stream, "{head}content-length: {length}\r\n\r\n{error}").unwrap();
        }),
        Box::new(|mut stream| write!(stream, "{HEAD}\r\n[{}]", item(7)).unwrap()),
        Box::new(|mut stream| {
            let head = "HTTP/1.1 403 Forbidden\r\nconnection: close\r\n";
            write!(stream, "{head}content-length: 2\r\n\r\n{{}}").unwrap();
        }),
    ]);
    let list = client.transactions().list(ListTransactions::new()).stream().unwrap();
    assert_eq!(list.reply().attempts.len(), 3);
    assert_eq!(list.count(), 1);
    let refused = client.transactions().list(ListTransactions::new()).stream().unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::PermissionDenied);
}

#[test]
fn a_list_whose_body_was_read_away_is_not_an_empty_one() {
    let response = format!("{HEAD}content-length: 2\r\n\r\n[]");
    let client = serve(vec![Box::new(move |mut stream| write!(stream, "{response}").unwrap())]);
    let opening = Forgetful(client.call(OpenList(ListTransactions::new())).call());
    let mut list = client.driver().open::<ListTransactions, _>(opening).unwrap();
    assert!(list.next().unwrap().is_err());
    assert!(list.next().is_none());
}

/// A machine around an opening that does not pass on `head`.
struct Forgetful(Call<OpenList<ListTransactions>>);

impl Machine for Forgetful {
    type Output = Result<Reply<()>, Error>;

    fn poll(&mut self, now: Now, waker: &Waker) -> Step<Self::Output> {
        self.0.poll(now, waker)
    }

    fn settle(&mut self, now: Now, ticket: Ticket, outcome: Result<Response<Bytes>, Fault>) {
        self.0.settle(now, ticket, outcome);
    }

    fn supply(&mut self, now: Now, ticket: Ticket, token: Result<AccessToken, BoxError>) {
        self.0.supply(now, ticket, token);
    }

    fn abandon(&mut self, now: Now) -> Self::Output {
        self.0.abandon(now)
    }
}
