//! Killed again and again, with a bank that fails: each row is paid once.

use std::time::{Duration, Instant};

use crate::program::folder::{cents, records, result};
use crate::program::{Folder, OPERATING, Running};
use qbank_sandbox::ReceivedRequest;
use serde_json::json;

/// Numbers that are the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}

fn number(variable: &str, default: u32) -> u32 {
    std::env::var(variable).ok().map_or(default, |text| text.parse().expect(variable))
}

/// A 429 or a 401 pauses all rows. The one that is then tried gets a response: without one, the
/// next is tried half a minute later.
const PAUSING: [&str; 2] = [r#""kind":"status","status":429"#, r#""kind":"revoke_token""#];

/// Each, and one in how many sends meets it.
const FAULTS: [(&str, u32); 4] = [
    (r#""kind":"status","status":503"#, 30),
    (r#""kind":"status","status":500"#, 30),
    (r#""kind":"delay","ms":700"#, 40),
    (r#""kind":"drop_after_commit""#, 20),
];

/// The next so many sends meet each fault now and then.
fn fail(folder: &Folder, kill: usize, sends: u32) {
    let add = |fault: &str, times: u32| {
        folder.bank.fault(&format!(r#"{{"path":"/payments/ach","times":{times},{fault}}}"#));
    };
    if kill == 0 {
        for fault in PAUSING {
            add(fault, 1);
        }
    }
    let faults = if kill < 4 { &FAULTS[..3] } else { &FAULTS[..] };
    for (fault, of) in faults {
        add(fault, (sends / of).max(1));
    }
}

/// Kills it at one of the rows, or, where that is sooner, after so long.
fn kill(running: Running, folder: &Folder, at_entry: usize, after: Duration) {
    let began = Instant::now();
    let mut running = running;
    while folder.bank.entries() < at_entry && began.elapsed() < after {
        if running.child.try_wait().unwrap().is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    drop(running.kill());
}

/// Without moments and ids, how often something was sent, and what the bank has done with it by
/// the time it was asked.
fn plain(results: &str) -> Vec<Vec<String>> {
    let changing = [
        "bank_payment_id",
        "bank_status",
        "idempotency_key",
        "first_sent",
        "attempts",
        "request_id",
    ];
    let may_be_empty = ["bank_status", "request_id"];
    let mut records = records(results);
    let names = records[0].clone();
    for record in records.iter_mut().skip(1) {
        for (name, cell) in names.iter().zip(record) {
            if changing.contains(&&**name) {
                assert!(may_be_empty.contains(&&**name) || !cell.is_empty(), "{name}");
                cell.clear();
            }
        }
    }
    records
}

#[test]
fn killed_at_any_moment_each_row_is_paid_once() {
    let rows = number("QBANK_RUN_ROWS", 250);
    let kills = number("QBANK_RUN_KILLS", 8);
    let mut random = Random(number("QBANK_RUN_SEED", 1).into());
    let began = Instant::now();
    let folder = Folder::of(rows);
    let mut entries: Vec<u64> = (0..kills).map(|_| random.below(rows.into())).collect();
    entries.sort_unstable();
    let line = "p.csv --yes --concurrency 16";
    for (at, entry) in entries.into_iter().enumerate() {
        fail(&folder, at, rows / kills);
        let running = folder.run(line).start();
        // One in three while it reads, checks, writes down or takes over.
        let after = if at % 3 == 0 { 20 + random.below(400) } else { 120_000 };
        let more = random.below(30);
        kill(
            running,
            &folder,
            usize::try_from(entry).unwrap(),
            Duration::from_millis(after + more),
        );
        println!("killed with {} of {rows} paid", folder.bank.entries());
    }
    let found = result(&folder.run(line).run_long(), 0);
    let took = began.elapsed();

    let total = cents(rows);
    assert_eq!((&found["rows"], &found["accepted"]), (&json!(rows), &json!(rows)));
    assert_eq!(found["total"], format!("{}.{:02}", total / 100, total % 100));
    assert_eq!(folder.bank.entries(), rows as usize);
    assert_eq!(folder.bank.paid_from(OPERATING), total);
    let results = folder.read("p.csv.results.csv");
    let mut keys: Vec<String> =
        folder.results("p.csv").iter().map(|row| row.cell("idempotency_key").to_owned()).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), rows as usize);
    assert_eq!(folder.bank.paid_keys(), keys);
    let sends = folder.bank.sends("/payments/ach").len();

    let calm = Folder::of(rows);
    result(&calm.run(line).run_long(), 0);
    let calm = calm.read("p.csv.results.csv");
    assert!(plain(&results) == plain(&calm), "{results}\n{calm}");
    println!("{rows} rows, {kills} kills: {sends} sends, {took:?}");
}

/// What was under way is in doubt: it is sent again before anything that was not sent.
#[test]
fn what_is_in_doubt_is_sent_first() {
    let folder = Folder::of(60);
    folder.bank.fault(r#"{"path":"/payments/ach","kind":"delay","ms":500,"times":1000}"#);
    let running = folder.run("p.csv --yes").start();
    running.until("payments", || (folder.bank.sends("/payments/ach").len() >= 14).then_some(()));
    drop(running.kill());
    let before = folder.bank.sends("/payments/ach");
    let first = result(&folder.run("p.csv --yes --concurrency 32").run(), 0);
    assert_eq!(first["accepted"], 60);
    let sends = folder.bank.sends("/payments/ach");
    let again = &sends[before.len()..];
    let is_again = |send: &&ReceivedRequest| {
        before.iter().any(|earlier| earlier.idempotency_key == send.idempotency_key)
    };
    let resent = again.iter().filter(is_again).count();
    assert!(resent > 0, "{again:?}");
    // All of them are in the first batch that is under way at once.
    assert!(again.iter().take(32).filter(is_again).count() == resent, "{again:#?}");
}
