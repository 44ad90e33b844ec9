//! Prints how many payments a file has and what they add up to, as one line of JSON; or its
//! mistakes. `.ci/files` compares it with what other implementations wrote.
//!
//! ```sh
//! cargo run -p qbank-files --example totals -- FILE [ACCOUNT]
//! ```
#![allow(clippy::print_stdout, reason = "a program")]

use std::fs::File;
use std::io::BufReader;
use std::process::ExitCode;

use qbank_files::{CheckOptions, Checks, ReadOptions, read, validate};
use qbank_proto::{Money, parse_day};

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("usage: totals FILE [ACCOUNT]")?;
    let account = arguments.next();
    let account = account.as_deref().unwrap_or("6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10");
    let options = ReadOptions::new().from(account.parse()?);
    let format = read(BufReader::new(File::open(&path)?), &options).format();
    // Days and duplicates are not what is compared.
    let mut checks = CheckOptions::new(parse_day("2000-01-03").ok_or("a day")?);
    checks.allow_duplicates = true;
    checks.roll_dates = Some(qbank_files::Roll::Next);
    let mut checks = Checks::new(checks);
    let mut rows: Vec<(String, Money, String)> = Vec::new();
    let input = BufReader::new(File::open(&path)?);
    let result = validate(input, &options, &mut checks, |payment| {
        rows.push((payment.payment_id.clone(), payment.amount().into(), payment.account()));
    });
    match result {
        Ok(summary) => {
            let rows: Vec<_> = rows
                .iter()
                .map(|(id, amount, account)| serde_json::json!([id, amount.to_string(), account]))
                .collect();
            println!(
                "{}",
                serde_json::json!({
                    "format": format.map(qbank_files::Format::as_str),
                    "count": summary.rows,
                    "total": summary.total.to_string(),
                    "rows": rows,
                })
            );
            Ok(ExitCode::SUCCESS)
        }
        Err(errors) => {
            for error in errors {
                println!("{error}");
            }
            Ok(ExitCode::from(2))
        }
    }
}
