//! A hundred thousand rows: memory, tokens, and how fast. Run it in release, by hand.

use std::time::{Duration, Instant};

use crate::program::folder::result;
use crate::program::{Folder, OPERATING, PAYROLL};

const ROWS: u32 = 100_000;
/// So many are paid by a process each.
const EACH: u32 = 200;

/// The most memory that a process had so far, in KiB.
fn peak(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_ascii_whitespace().nth(1)?.parse().ok()
}

#[test]
#[ignore = "minutes of work: run it with --release"]
fn a_hundred_thousand_rows() {
    let folder = Folder::of(ROWS);
    let began = Instant::now();
    let mut running = folder.run("p.csv --yes --concurrency 8").start();
    let (mut most, mut tokens, mut looked) = (0, 0, began);
    while running.child.try_wait().unwrap().is_none() {
        most = most.max(peak(running.child.id()).unwrap_or_default());
        // The bank forgets its oldest requests.
        if looked.elapsed() > Duration::from_secs(2) {
            tokens = tokens.max(folder.bank.sends("/token").len());
            looked = Instant::now();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let took = began.elapsed();
    assert_eq!(result(&running.end(), 0)["accepted"], ROWS);
    assert_eq!(folder.bank.entries(), ROWS as usize);

    let began = Instant::now();
    for n in 0..EACH {
        let line = format!(
            "payments ach --from {OPERATING} --to {PAYROLL} --amount 1.{:02} --reference {n}",
            n % 100
        );
        folder.bank.qbank(&line).run().ok();
    }
    let each = began.elapsed();
    let rate = f64::from(ROWS) / took.as_secs_f64();
    let rate_each = f64::from(EACH) / each.as_secs_f64();
    println!("{ROWS} rows in {took:?}: {rate:.0}/s; a process each: {rate_each:.0}/s");
    println!("peak {} MiB, {tokens} tokens", most / 1024);
    assert!(most < 64 * 1024, "{most} KiB");
    assert_eq!(tokens, 1);
    assert!(rate > rate_each, "{rate} {rate_each}");
}
