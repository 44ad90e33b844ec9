//! `transactions list` prints what arrives while it arrives.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod program;

use std::io::{self, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use program::scripted::ScriptedBank;
use program::{Bank, PATIENCE, Program};
use serde_json::Value;

const TRANSPORTS: [&str; 2] = ["blocking", "hyper"];
const OUTPUTS: [&str; 3] = ["json", "jsonl", "table"];

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n";

fn item(n: u32) -> String {
    format!(
        r#"{{"transactionId":"6f1c0e9a-52a5-4c86-9c1f-0a4b{n:08x}","amount":{n}.50,"description":"Rent {n}"}}"#
    )
}

/// A bank that writes what it wants, and a run that reads it with a ready-made token.
fn list(bank: &ScriptedBank, transport: &str, output: &str) -> Program {
    Program::new("transactions list --transport")
        .arg(transport)
        .arg("--output")
        .arg(output)
        .env("QBANK_BASE_URL", &bank.base_url)
        .env("QBANK_ACCESS_TOKEN", "a-ready-made-token")
}

/// Responds to with this body, of which only so much comes.
fn cut_at(body: String, length: usize) -> ScriptedBank {
    ScriptedBank::writing(move |_, mut stream| {
        write!(stream, "{HEAD}Content-Length: {}\r\n\r\n{}", body.len(), &body[..length])
    })
}

fn whole(body: String) -> ScriptedBank {
    let length = body.len();
    cut_at(body, length)
}

/// A server that waits in the middle, until the test lets it go on.
struct Held {
    reached: Receiver<()>,
    go_on: Sender<()>,
}

impl Held {
    /// Writes what comes before, waits, and writes what comes after.
    fn start(
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

    fn wait(&self) {
        // A long list, read by a program that is not optimised, on a busy machine.
        self.reached.recv_timeout(4 * PATIENCE).unwrap();
    }

    fn go_on(&self) {
        self.go_on.send(()).unwrap();
    }
}

#[test]
fn an_item_is_printed_before_the_next_one_is_sent() {
    for transport in TRANSPORTS {
        for output in OUTPUTS {
            let (bank, held) = Held::start(|stream| write!(stream, "[{}", item(1)), "]");
            let running = list(&bank, transport, output).start();
            held.wait();
            running.until("the first item", || {
                running.stdout_so_far().contains("Rent 1").then_some(())
            });
            held.go_on();
            assert_eq!(running.end().code, Some(0));
        }
    }
}

#[test]
fn the_document_is_that_of_any_list() {
    let rest = r#""status":200,"attempts":1,"fate":"not_applicable","idempotency_key":null,"followed_conflict":false}"#;
    for transport in TRANSPORTS {
        let run = |body: &str, output| list(&whole(body.to_owned()), transport, output).run();
        let (one, two) = (item(1), item(2));

        let ended = run(&format!("[{one}, {two}]"), "json");
        program::document::success(&ended.ok());
        assert_eq!(ended.stdout, format!("{{\"result\":[{one},{two}],{rest}\n"));
        let ended = run(&format!("[{one}, {two}]"), "jsonl");
        assert_eq!((ended.code, ended.stdout), (Some(0), format!("{one}\n{two}\n")));

        for (output, nothing) in [
            ("json", format!("{{\"result\":[],{rest}\n")),
            ("jsonl", String::new()),
            ("table", "none\n".to_owned()),
        ] {
            let ended = run("[]", output);
            assert_eq!((ended.code, ended.stdout), (Some(0), nothing), "{output}");
        }
    }
}

#[test]
fn a_table_has_one_head_and_columns_of_one_width() {
    let long = "The rent of a house in the country, with a garden, for the whole of the year 2026";
    let description = |n: u32, text: &str| item(n).replace(&format!("Rent {n}"), text);
    let items = [
        description(1, "short"),
        description(2, long),
        description(3, "日本語の説明"),
        description(4, "red \\u001b[31m and a bell \\u0007"),
    ];
    for transport in TRANSPORTS {
        let ended = list(&whole(format!("[{}]", items.join(","))), transport, "table").run();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let lines: Vec<&str> = ended.stdout.lines().collect();
        assert!(lines[0].starts_with('┌') && lines[2].starts_with('╞'), "{}", ended.stdout);
        assert_eq!(lines.iter().filter(|line| line.contains("transaction")).count(), 1);
        assert!(lines.last().is_some_and(|line| line.starts_with('└')), "{}", ended.stdout);
        // A wide character takes two columns.
        for line in lines.iter().filter(|line| line.is_ascii() || !line.contains('日')) {
            assert_eq!(line.chars().count(), lines[0].chars().count(), "{}", ended.stdout);
        }
        assert!(
            lines[3].contains("│ 6f1c0e9a-52a5-4c86-9c1f-0a4b00000001 ┆           1.50 ┆ short "),
            "{}",
            ended.stdout
        );
        assert!(long.split(' ').all(|word| ended.stdout.contains(word)), "{}", ended.stdout);
        assert!(ended.stdout.contains("red  [31m and a bell"), "{}", ended.stdout);
        assert!(!ended.stdout.contains(['\u{1b}', '\u{7}']), "{}", ended.stdout);
    }
}

/// 600 KB without a place to wrap.
#[test]
fn a_long_word_does_not_hold_up_a_table() {
    let word = "x".repeat(600 << 10);
    let transactions = format!("[{}]", item(1).replace("Rent 1", &word));
    let account =
        item(1).replace("transactionId", "accountId").replace("description", "accountName");
    let accounts = format!("[{}]", account.replace("Rent 1", &word));
    for (line, body) in [("transactions list", transactions), ("accounts list", accounts)] {
        let bank = whole(body);
        let ended = Program::new(line)
            .args("--output table")
            .env("QBANK_BASE_URL", &bank.base_url)
            .env("QBANK_ACCESS_TOKEN", "a-ready-made-token")
            .run();
        assert_eq!(ended.code, Some(0), "{line}");
        assert!(ended.stdout.contains("xxx…"), "{line}");
        assert!(ended.took < Duration::from_secs(5), "{line}: {:?}", ended.took);
    }
}

/// What is left on stdout, and the error.
#[track_caller]
fn broken(bank: &ScriptedBank, transport: &str, output: &str) -> (String, Value) {
    let ended = list(bank, transport, output).args("--max-retries 0").run();
    if output == "table" {
        assert_eq!(ended.code, Some(3), "{ended:?}");
        assert!(ended.stderr.contains("error: "), "{ended:?}");
        return (ended.stdout, Value::Null);
    }
    let error = ended.error_after_output(3);
    assert_eq!(error["kind"], "unexpected_response", "{error}");
    assert_eq!(error["fate"], "not_applicable", "{error}");
    assert_eq!(error["http_status"], 200, "{error}");
    assert_eq!(error["attempts"], 1, "{error}");
    (ended.stdout, error)
}

/// All three outputs keep the first two items, and no more.
#[track_caller]
fn keeps_two(bank: &ScriptedBank, transport: &str, offset: usize, expected: &str) {
    let (one, two) = (item(1), item(2));
    let (lines, error) = broken(bank, transport, "jsonl");
    assert_eq!(lines, format!("{one}\n{two}\n"));
    assert_eq!(error["offset"], offset, "{error}");
    let message = error["message"].as_str().unwrap_or_default();
    assert!(message.contains(&format!("{expected} at byte {offset}")), "{error}");

    // No parser takes it for a whole document.
    let (document, _) = broken(bank, transport, "json");
    assert_eq!(document, format!("{{\"result\":[{one},{two}"));
    assert!(serde_json::from_str::<Value>(&document).is_err());

    let (table, _) = broken(bank, transport, "table");
    assert!(table.contains("Rent 1") && table.contains("Rent 2"), "{table}");
    assert!(!table.contains('└'), "{table}");
}

#[test]
fn a_tail_that_is_cut_off_leaves_what_came_before_it() {
    for transport in TRANSPORTS {
        let body = format!("[{},{},{}]", item(1), item(2), item(3));
        let after_two = format!("[{},{},", item(1), item(2)).len();
        keeps_two(&cut_at(body, after_two + 40), transport, after_two, "after 2 items,");
    }
}

#[test]
fn a_malformed_tail_leaves_what_came_before_it() {
    for transport in TRANSPORTS {
        let good = format!("[{},{}", item(1), item(2));
        for (tail, bytes, expected) in [
            ("!]", 0, "after 2 items,"),
            (r#",{"amount":1}]"#, 1, "an item"),
            ("", 0, "after 2 items,"),
            ("<html>proxy error</html>", 0, "after 2 items,"),
        ] {
            keeps_two(&whole(format!("{good}{tail}")), transport, good.len() + bytes, expected);
        }
    }
}

#[test]
fn what_is_cut_off_before_its_first_item_leaves_nothing() {
    for transport in TRANSPORTS {
        for output in OUTPUTS {
            for body in ["", "[", "<html>", r#"[{"transactionId":"#, r#"{"message":"no list"}"#] {
                let (printed, _) = broken(&whole(body.to_owned()), transport, output);
                assert_eq!(printed, "", "{body} as {output}");
            }
        }
    }
}

#[test]
fn a_response_that_does_not_begin_is_a_failure_as_of_any_read() {
    for transport in TRANSPORTS {
        let bank = Bank::start();
        let run = |line: &str| {
            let line = format!("transactions list --max-retries 1 {line}");
            bank.qbank(&line).env("QBANK_TRANSPORT", transport)
        };
        for (status, kind, attempts) in [
            (403, "permission_denied", 1),
            (404, "not_found", 1),
            (429, "rate_limited", 2),
            (503, "unavailable", 2),
        ] {
            for output in OUTPUTS {
                bank.fault(&format!(
                    r#"{{"path":"/transactions","kind":"status","status":{status},"times":{attempts}}}"#
                ));
                let ended = run(&format!("--output {output}")).run();
                if output == "table" {
                    assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), ""), "{ended:?}");
                    continue;
                }
                let error = ended.error(3);
                assert_eq!(error["kind"], kind, "{error}");
                assert_eq!(error["http_status"], status, "{error}");
                assert_eq!(error["attempts"], attempts, "{error}");
            }
        }
        let error = run("").env("QBANK_CLIENT_SECRET", "wrong").run().error(3);
        assert_eq!(error["kind"], "unauthenticated", "{error}");
        let error = run("--scope balances.read").run().error(3);
        assert_eq!(error["kind"], "permission_denied", "{error}");
        assert!(error["message"].to_string().contains("--scope"), "{error}");
        run("--account no-account").run().error(2);
        run("").env("QBANK_BASE_URL", "http://127.0.0.1:1/v1").run().error(3);
    }
}

#[test]
fn attempts_before_the_response_began_are_counted() {
    for transport in TRANSPORTS {
        let calls = AtomicU32::new(0);
        let bank = ScriptedBank::writing(move |_, mut stream| {
            if calls.fetch_add(1, Ordering::Relaxed) == 0 {
                return write!(
                    stream,
                    "HTTP/1.1 503 Later\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                );
            }
            write!(stream, "{HEAD}\r\n[{}]", item(1))
        });
        let document = list(&bank, transport, "json").run().ok();
        assert_eq!(document["attempts"], 2, "{document}");
        assert_eq!(bank.received().len(), 2);
    }
}

#[test]
fn the_deadline_ends_a_list_that_stalls() {
    for transport in TRANSPORTS {
        let (bank, held) = Held::start(|stream| write!(stream, "[{},", item(1)), "]");
        // Its response began in time.
        let ended = list(&bank, transport, "jsonl").args("--timeout 60 --deadline 1").run();
        let error = ended.error_after_output(3);
        assert_eq!(ended.stdout, format!("{}\n", item(1)));
        assert!(error["message"].to_string().contains("broke off"), "{error}");
        assert!(ended.took < Duration::from_secs(10), "{ended:?}");
        held.go_on();
    }
}

#[cfg(unix)]
mod on_unix {
    use std::fs::File;
    use std::io::{BufRead, BufReader, Read};
    use std::os::fd::OwnedFd;
    use std::sync::Arc;

    use super::*;

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
                running
                    .until("an item", || running.stdout_so_far().contains("Rent 1").then_some(()));
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
}

/// 38 MB, which is more than a buffered response may have.
#[cfg(target_os = "linux")]
#[test]
fn the_memory_does_not_grow_with_the_response() {
    use std::fs::{File, read_to_string};

    fn peak(transport: &str, output: &str, items: u32) -> u64 {
        let (bank, held) = Held::start(
            move |stream| {
                let mut stream = io::BufWriter::new(stream);
                let long = "x".repeat(2000);
                for n in 0..items {
                    let separator = if n == 0 { '[' } else { ',' };
                    write!(stream, "{separator}{}", item(n).replace("Rent", &long))?;
                }
                stream.flush()
            },
            "]",
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stdout");
        let stdout = File::create(&path).unwrap();
        let running = list(&bank, transport, output).stdout_to(stdout).start();
        held.wait();
        let status = read_to_string(format!("/proc/{}/status", running.child.id())).unwrap();
        held.go_on();
        let ended = running.end();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let printed = std::fs::metadata(&path).unwrap().len();
        assert!(printed > u64::from(items) * 2000, "{printed}");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap()
    }

    for transport in TRANSPORTS {
        for (output, items) in [("jsonl", 18_000), ("json", 3_000), ("table", 1_000)] {
            let (few, many) = (peak(transport, output, 500), peak(transport, output, items));
            assert!(many < few + 4096, "{transport} {output}: {few} kB, {many} kB");
        }
    }
}
