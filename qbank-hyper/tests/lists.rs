//! Lists that are read while they arrive.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use std::task::Waker;
use std::time::Duration;

use futures_util::StreamExt;
use qbank_hyper::bytes::Bytes;
use qbank_hyper::endpoint::ListTransactions;
use qbank_hyper::http::Response;
use qbank_hyper::{
    AccessToken, BoxError, Call, Client, Config, Credentials, Environment, Error, ErrorKind, Fault,
    ListDriver, Machine, Now, OpenList, Reply, Step, Ticket, TransactionId,
};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";

fn id(n: u32) -> TransactionId {
    format!("6f1c0e9a-52a5-4c86-9c1f-0a4b{n:08x}").parse().unwrap()
}

fn item(n: u32) -> String {
    format!(r#"{{"transactionId":"{}","amount":{n}.50}}"#, id(n))
}

/// A client, and the connection over which its request comes.
async fn connected() -> (Client, impl Future<Output = TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let token = Credentials::Token(AccessToken::new("a-ready-made-token").unwrap());
    let client = Client::new(Config::new(Environment::Sandbox { port }, token)).unwrap();
    let accepted = async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        while reader.read_line(&mut line).await.unwrap() > 2 {
            line.clear();
        }
        reader.into_inner()
    };
    (client, accepted)
}

#[tokio::test]
async fn an_item_is_there_before_the_next_one_is_sent() {
    let (client, accepted) = connected().await;
    let (got, may_go_on) = oneshot::channel::<()>();
    let server = tokio::spawn(async move {
        let mut stream = accepted.await;
        stream.write_all(format!("{HEAD}\r\n[{}", item(1)).as_bytes()).await.unwrap();
        may_go_on.await.unwrap();
        stream.write_all(format!(",{}]", item(2)).as_bytes()).await.unwrap();
    });
    let mut list = client.transactions().list(ListTransactions::new()).stream().await.unwrap();
    assert_eq!(list.reply().status(), 200);
    assert_eq!(list.next().await.unwrap().unwrap().transaction_id, id(1));
    got.send(()).unwrap();
    let rest: Vec<_> = StreamExt::collect(list).await;
    assert_eq!(rest.len(), 1);
    assert_eq!(rest.into_iter().next().unwrap().unwrap().transaction_id, id(2));
    server.await.unwrap();
}

#[tokio::test]
async fn a_response_cut_off_gives_the_items_before_and_then_the_offset() {
    let (client, accepted) = connected().await;
    let whole = format!("[{},{}", item(1), item(2));
    let cut_off_at = whole.len() as u64;
    let server = tokio::spawn(async move {
        let mut stream = accepted.await;
        let response = format!("{HEAD}content-length: 5000\r\n\r\n{whole}");
        stream.write_all(response.as_bytes()).await.unwrap();
    });
    let mut list = client.transactions().list(ListTransactions::new()).stream().await.unwrap();
    assert!(list.next().await.unwrap().is_ok());
    assert!(list.next().await.unwrap().is_ok());
    let error = list.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedResponse);
    assert_eq!(error.offset(), Some(cut_off_at));
    assert!(list.next().await.is_none());
    server.await.unwrap();
}

#[tokio::test]
async fn the_deadline_ends_a_list_that_stalls() {
    let (client, accepted) = connected().await;
    let server = tokio::spawn(async move {
        let mut stream = accepted.await;
        stream.write_all(format!("{HEAD}\r\n[{},", item(1)).as_bytes()).await.unwrap();
        std::future::pending::<()>().await;
    });
    let call = client.transactions().list(ListTransactions::new());
    let mut list = call.deadline(Duration::from_millis(300)).stream().await.unwrap();
    assert!(list.next().await.unwrap().is_ok());
    let next = tokio::time::timeout(Duration::from_secs(10), list.next()).await.unwrap();
    let error = next.unwrap().unwrap_err();
    assert!(error.to_string().contains("did not end in time"), "{error}");
    server.abort();
}

#[tokio::test]
async fn a_list_whose_body_was_read_away_is_not_an_empty_one() {
    let (client, accepted) = connected().await;
    let server = tokio::spawn(async move {
        let response = format!("{HEAD}content-length: 2\r\n\r\n[]");
        accepted.await.write_all(response.as_bytes()).await.unwrap();
    });
    let opening = Forgetful(client.call(OpenList(ListTransactions::new())).call());
    let mut list = client.driver().open::<ListTransactions, _>(opening).await.unwrap();
    assert!(list.next().await.unwrap().is_err());
    assert!(list.next().await.is_none());
    server.await.unwrap();
}

/// A machine around an opening that does not pass on what becomes of the body.
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
