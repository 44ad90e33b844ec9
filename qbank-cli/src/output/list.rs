//! A list on standard output while it arrives: the memory is that of one item.
//!
//! A list that breaks off leaves what came before it: of a JSON document its
//! beginning, which no parser takes for a whole one.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use qbank_proto::{Error, ListEndpoint, Reply};
use serde::Serialize;

use super::paint::Painted;
use super::streams::{self, Written};
use super::table::{Rows, StreamedTable};
use super::{csv, document, json};
use crate::args::Output;
use crate::client::List;
use crate::failure::{Failure, Head};

/// Prints a list; shared with the thread that handles signals, which may end it.
#[derive(Clone)]
pub(crate) struct StreamedList {
    output: Output,
    gate: Arc<Gate>,
}

impl StreamedList {
    pub(crate) fn new(output: Output) -> Self {
        Self { output, gate: Arc::default() }
    }

    /// Prints item after item as they arrive. One that cannot be read is left out: the
    /// rest is printed, and then the first error ends it, the document unclosed.
    pub(crate) fn print<L>(&self, list: List<L>) -> Result<(), Failure>
    where
        L: ListEndpoint<Item: Serialize + Rows>,
    {
        let head = Head::of(list.reply());
        if !self.gate.begin(head) {
            return Err(Failure::CutShort { items: 0, head });
        }
        let mut shape = Shape::new(self.output, list.reply());
        let mut text = Painted::default();
        let mut first = None;
        for item in list {
            match item {
                Ok(item) => shape.item(&item, &mut text),
                Err(error) => {
                    first.get_or_insert(error);
                    continue;
                }
            }
            if !self.gate.put(&text, Piece::Item) {
                return Ok(());
            }
            text.clear();
        }
        if let Some(error) = first {
            return Err(self.broken_off(error, head));
        }
        shape.end::<L::Item>(&mut text);
        self.gate.put(&text, Piece::Last);
        Ok(())
    }

    fn broken_off(&self, error: Error, head: Head) -> Failure {
        self.gate.lock().ended = true;
        Failure::BrokenOff { error: Box::new(error), head }
    }

    /// Ends the printing between two items, unless it has come to its own end. A
    /// reader that takes nothing is not waited for.
    pub(crate) fn cut(&self) -> Option<Failure> {
        let mut state = self.gate.lock();
        state.cut = true;
        let is_busy = |state: &mut State| state.writing;
        let (state, _) = self
            .gate
            .idle
            .wait_timeout_while(state, PATIENCE, is_busy)
            .unwrap_or_else(PoisonError::into_inner);
        let head = state.head?;
        (!state.ended).then_some(Failure::CutShort { items: state.items, head })
    }
}

/// How long a write may take once a signal came.
const PATIENCE: Duration = Duration::from_millis(500);

/// Lets pieces through until a signal shuts it.
#[derive(Default)]
struct Gate {
    state: Mutex<State>,
    idle: Condvar,
}

#[derive(Default)]
struct State {
    head: Option<Head>,
    items: u64,
    writing: bool,
    /// A signal came.
    cut: bool,
    /// The list ended by itself, complete or not.
    ended: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    Item,
    Last,
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether to begin: not after a signal.
    fn begin(&self, head: Head) -> bool {
        let mut state = self.lock();
        state.head = Some(head);
        !state.cut
    }

    /// Whether to continue. Unlocked during the write, which can block without end.
    fn put(&self, text: &Painted, piece: Piece) -> bool {
        let mut state = self.lock();
        if state.cut {
            return false;
        }
        state.writing = true;
        drop(state);
        let written = streams::print_painted(text) == Written::Done;
        let mut state = self.lock();
        state.writing = false;
        state.items += u64::from(written && piece == Piece::Item);
        state.ended |= !written || piece == Piece::Last;
        self.idle.notify_all();
        !state.ended
    }
}

/// What surrounds the items. Nothing is written before the first has arrived.
enum Shape {
    Json { before: String, after: String },
    Jsonl,
    Csv { begun: bool },
    Table(Option<StreamedTable>),
}

impl Shape {
    fn new(output: Output, reply: &Reply<()>) -> Self {
        match output {
            Output::Json => {
                let (before, after) = document::around_list(reply);
                Self::Json { before, after }
            }
            Output::Jsonl => Self::Jsonl,
            Output::Csv => Self::Csv { begun: false },
            Output::Table => Self::Table(None),
        }
    }

    fn item<T: Serialize + Rows>(&mut self, item: &T, text: &mut Painted) {
        match self {
            Self::Json { before, .. } => {
                text.push(before);
                text.push(&json::one_line(item));
                ",".clone_into(before);
            }
            Self::Jsonl => {
                text.push(&json::one_line(item));
                text.push("\n");
            }
            Self::Csv { begun } => {
                if !std::mem::replace(begun, true) {
                    text.push(&csv::header::<T>());
                }
                text.push(&csv::row(item));
            }
            Self::Table(table) => {
                table.get_or_insert_with(|| StreamedTable::begin::<T>(text)).row(item, text);
            }
        }
    }

    fn end<T: Rows>(self, text: &mut Painted) {
        match self {
            Self::Json { before, after } => {
                if before != "," {
                    text.push(&before);
                }
                text.push(&after);
                text.push("\n");
            }
            Self::Csv { begun: false } => text.push(&csv::header::<T>()),
            Self::Jsonl | Self::Csv { .. } | Self::Table(Some(_)) => {}
            Self::Table(None) => text.push("none\n"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use qbank_blocking::Ureq;
    use qbank_proto::endpoint::ListTransactions;
    use qbank_proto::{AccessToken, Config, Credentials, Environment, ListDriver, OpenList};

    use super::*;
    use crate::client::{Client, EitherDriver};

    fn opened(body: &'static str) -> List<ListTransactions> {
        let bank = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = bank.local_addr().unwrap().port();
        thread::spawn(move || {
            let (mut stream, _) = bank.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]).unwrap();
            let length = body.len();
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
        });
        let token = Credentials::Token(AccessToken::new("t").unwrap());
        let config = Config::new(Environment::Sandbox { port }, token);
        let client = Client::with_driver(config, EitherDriver::Blocking(Ureq::default())).unwrap();
        let opening = client.call(OpenList(ListTransactions::new())).call();
        client.driver().open(opening).unwrap()
    }

    #[test]
    fn a_signal_between_the_head_and_the_first_item_is_no_success() {
        for body in ["[]", r#"[{"transactionId":"6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10"}]"#] {
            let streamed = StreamedList::new(Output::Json);
            assert!(streamed.cut().is_none());
            let ended = streamed.print(opened(body));
            assert!(matches!(ended, Err(Failure::CutShort { items: 0, .. })), "{ended:?}");
        }
    }
}
