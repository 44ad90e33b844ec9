//! Lists on pipes that are closed, full or cut off by a signal.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod program;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use program::PATIENCE;
use program::lists::{HEAD, Held, OUTPUTS, TRANSPORTS, item, list};
use program::scripted::ScriptedBank;
use serde_json::Value;

fn pipe() -> (io::PipeReader, File) {
    let (reader, writer) = io::pipe().unwrap();
    (reader, File::from(OwnedFd::from(writer)))
}

/// A response without end, and how many of its items were written.
fn endless() -> (ScriptedBank, Arc<AtomicU32>, Receiver<()>) {
    let written = Arc::new(AtomicU32::new(0));
    let (done, is_done) = mpsc::channel();
    let (count, done) = (Arc::clone(&written), Mutex::new(done));
    let bank = ScriptedBank::writing(move |_, mut stream| {
        write!(stream, "{HEAD}\r\n[{}", item(0))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        loop {
            let n = count.fetch_add(1, Ordering::Relaxed);
            if write!(stream, ",{}", item(n)).is_err() {
                let _ = done.lock().unwrap().send(());
                return Ok(());
            }
        }
    });
    (bank, written, is_done)
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    for transport in TRANSPORTS {
        for output in OUTPUTS {
            let (bank, _, is_done) = endless();
            let (reader, stdout) = pipe();
            let running = list(&bank, transport, output).stdout_to(stdout).start();
            let mut few = [0; 2000];
            BufReader::new(reader).read_exact(&mut few).unwrap();
            // The pipe is closed now.
            let ended = running.end();
            assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{output}");
            is_done.recv_timeout(PATIENCE).unwrap();
        }
    }
}

#[test]
fn a_signal_ends_it_between_two_items() {
    for transport in TRANSPORTS {
        for (output, signal) in [("jsonl", "INT"), ("json", "TERM"), ("table", "INT")] {
            let (bank, held) = Held::start(|stream| write!(stream, "[{},", item(1)), "]");
            let running = list(&bank, transport, output).start();
            held.wait();
            running.until("an item", || running.stdout_so_far().contains("Rent 1").then_some(()));
            running.signal(signal);
            let ended = running.end();
            assert!(ended.took < Duration::from_secs(2), "{ended:?}");
            assert_eq!(ended.code, Some(3), "{ended:?}");
            assert!(ended.stderr.contains("interrupted after 1 item"), "{ended:?}");
            if output == "table" {
                continue;
            }
            let error = ended.error_after_output(3);
            assert_eq!(error["kind"], "transport", "{error}");
            assert_eq!(error["fate"], "not_applicable", "{error}");
            assert_eq!(error["http_status"], 200, "{error}");
            assert_eq!(error["attempts"], 1, "{error}");
            assert!(output == "jsonl" || serde_json::from_str::<Value>(&ended.stdout).is_err());
        }
    }
}

#[test]
fn a_signal_ends_it_while_lines_flow() {
    for transport in TRANSPORTS {
        let (bank, ..) = endless();
        let (reader, stdout) = pipe();
        let running = list(&bank, transport, "jsonl").stdout_to(stdout).start();
        let mut lines = BufReader::new(reader).lines();
        for _ in 0..100 {
            lines.next().unwrap().unwrap();
        }
        running.signal("INT");
        // Every line is whole.
        for line in lines {
            let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
            assert!(line["transactionId"].is_string());
        }
        assert_eq!(running.end().error_after_output(3)["kind"], "transport");
    }
}

#[test]
fn a_signal_ends_it_while_the_pipe_is_full() {
    for transport in TRANSPORTS {
        let (bank, written, _) = endless();
        let (reader, stdout) = pipe();
        let running = list(&bank, transport, "jsonl").stdout_to(stdout).start();
        // More than the pipe holds.
        running.until("many items", || (written.load(Ordering::Relaxed) > 5000).then_some(()));
        running.signal("TERM");
        let ended = running.end();
        assert!(ended.took < Duration::from_secs(2), "{ended:?}");
        assert_eq!(ended.error_after_output(3)["kind"], "transport");
        drop(reader);
    }
}
