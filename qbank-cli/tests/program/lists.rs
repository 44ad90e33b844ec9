//! Lists of transactions from a scripted bank.

use std::io::{self, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, Sender};

use super::scripted::ScriptedBank;
use super::{PATIENCE, Program};

pub(crate) const TRANSPORTS: [&str; 2] = ["blocking", "hyper"];
pub(crate) const OUTPUTS: [&str; 4] = ["json", "jsonl", "csv", "table"];

pub(crate) const HEAD: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n";

pub(crate) fn item(n: u32) -> String {
    format!(
        r#"{{"transactionId":"6f1c0e9a-52a5-4c86-9c1f-0a4b{n:08x}","amount":{n}.50,"description":"Rent {n}"}}"#
    )
}

/// A bank that writes what it wants, and a run that reads it with a ready-made token.
pub(crate) fn list(bank: &ScriptedBank, transport: &str, output: &str) -> Program {
    Program::new("transactions list --transport")
        .arg(transport)
        .arg("--output")
        .arg(output)
        .env("QBANK_BASE_URL", &bank.base_url)
        .env("QBANK_ACCESS_TOKEN", "a-ready-made-token")
}

/// Responds to with this body, of which only so much comes.
pub(crate) fn cut_at(body: String, length: usize) -> ScriptedBank {
    ScriptedBank::writing(move |_, mut stream| {
        write!(stream, "{HEAD}Content-Length: {}\r\n\r\n{}", body.len(), &body[..length])
    })
}

pub(crate) fn whole(body: String) -> ScriptedBank {
    let length = body.len();
    cut_at(body, length)
}

/// A server that waits in the middle, until the test lets it go on.
pub(crate) struct Held {
    reached: Receiver<()>,
    go_on: Sender<()>,
}

impl Held {
    /// Writes what comes before, waits, and writes what comes after.
    pub(crate) fn start(
        before: impl Fn(&mut &TcpStream) -> io::Result<()> + Send + Sync + 'static,
        after: &'static str,
    ) -> (ScriptedBank, Self) {
        let ((here, reached), (go_on, may_go_on)) = (mpsc::channel(), mpsc::channel());
        let (here, may_go_on) = (Mutex::new(here), Mutex::new(may_go_on));
        let bank = ScriptedBank::writing(move |_, mut stream| {
            write!(stream, "{HEAD}\r\n")?;
            before(&mut stream)?;
            let _ = here.lock().unwrap().send(());
            // Without a message the test is done, or too slow.
            let _ = may_go_on.lock().unwrap().recv_timeout(PATIENCE);
            write!(stream, "{after}")
        });
        (bank, Self { reached, go_on })
    }

    pub(crate) fn wait(&self) {
        // A long list, read by a program that is not optimised, on a busy machine.
        self.reached.recv_timeout(4 * PATIENCE).unwrap();
    }

    pub(crate) fn go_on(&self) {
        self.go_on.send(()).unwrap();
    }
}
