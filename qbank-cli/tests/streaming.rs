//! `transactions list` prints what arrives while it arrives.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod program;

use std::io::{self, Write};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use program::Program;
use program::lists::{HEAD, Held, OUTPUTS, TRANSPORTS, item, list, whole};
use program::scripted::ScriptedBank;

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
        assert!(lines[1].starts_with(&"─".repeat(36)), "{}", ended.stdout);
        assert_eq!(lines.iter().filter(|line| line.contains("transaction")).count(), 1);
        let row = "6f1c0e9a-52a5-4c86-9c1f-0a4b00000001          1.50  short";
        assert_eq!(lines[2], row, "{}", ended.stdout);
        for line in &lines {
            assert!(line.chars().count() <= lines[1].chars().count(), "{}", ended.stdout);
            assert_eq!(line.trim_end(), *line, "{}", ended.stdout);
        }
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
        // A table cuts its cells.
        let least = if output == "table" { 1000 } else { 2000 };
        assert!(printed > u64::from(items) * least, "{printed}");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap()
    }

    for transport in TRANSPORTS {
        for (output, items) in
            [("jsonl", 18_000), ("json", 3_000), ("csv", 3_000), ("table", 1_000)]
        {
            let (few, many) = (peak(transport, output, 500), peak(transport, output, items));
            assert!(many < few + 4096, "{transport} {output}: {few} kB, {many} kB");
        }
    }
}
