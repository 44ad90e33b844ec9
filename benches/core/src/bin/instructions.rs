//! Counts the instructions of each piece with callgrind: the same on every run of
//! the same binary, whatever else the machine does.
//!
//! `instructions` prints them for the report, `instructions write FILE` makes the
//! baseline, and `instructions check FILE` is the gate of CI.

use std::collections::BTreeMap;
use std::process::{Command, ExitCode};

use bench_core::callgrind::instructions;
use bench_core::pieces::{PIECES, measured};
use bench_core::{Failure, samples};
use serde::{Deserialize, Serialize};

fn main() -> Result<ExitCode, Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["piece", number] => {
            let (_, _, prepare) = PIECES.get(number.parse::<usize>()?).ok_or("no such piece")?;
            measured(prepare()?)?;
        }
        [] => {
            for (number, (name, who, _)) in PIECES.iter().enumerate() {
                samples::print(&format!("instructions.{name}"), who, count(number)? as f64);
            }
        }
        ["write", file] => {
            let baseline = Baseline { compiler: compiler()?, instructions: ours()? };
            std::fs::write(file, serde_json::to_string_pretty(&baseline)? + "\n")?;
        }
        ["check", file] => return check(&serde_json::from_slice(&std::fs::read(file)?)?),
        _ => return Err("instructions [write FILE | check FILE]".into()),
    }
    Ok(ExitCode::SUCCESS)
}

/// What the counts were.
#[derive(Serialize, Deserialize)]
struct Baseline {
    /// Another compiler makes other instructions of the same code.
    compiler: String,
    instructions: BTreeMap<String, u64>,
}

/// More than this above the baseline is a regression.
const MOST: f64 = 0.05;
/// The same with another compiler, whose counts differ without anybody's doing: a
/// coarse gate is better than none.
const MOST_OF_ANOTHER: f64 = 0.25;

fn check(baseline: &Baseline) -> Result<ExitCode, Failure> {
    let compiler = compiler()?;
    let mut most = MOST;
    if compiler != baseline.compiler {
        most = MOST_OF_ANOTHER;
        println!("THE BASELINE IS OF ANOTHER COMPILER: {}", baseline.compiler);
        println!("This is {compiler}. Only regressions of more than 25 % are found until");
        println!("`benches/run.sh --baseline` has been run with it and checked in.\n");
    }
    println!("{:<24}{:>14}{:>14}{:>9}", "instructions", "baseline", "now", "change");
    let mut passed = true;
    let now = ours()?;
    for (name, count) in &now {
        let Some(before) = baseline.instructions.get(name) else {
            println!("{name:<24}{:>14}{count:>14}  NOT IN THE BASELINE", "-");
            passed = false;
            continue;
        };
        let change = *count as f64 / *before as f64 - 1.0;
        let said = match change {
            _ if change > most => "  REGRESSION",
            // Else it could come back unnoticed.
            _ if change < -most => "  better: write the baseline anew",
            _ => "",
        };
        println!("{name:<24}{before:>14}{count:>14}{:>8.1}%{said}", change * 100.0);
        passed &= change <= most;
    }
    for name in baseline.instructions.keys().filter(|name| !now.contains_key(*name)) {
        println!("{name:<24} IS IN THE BASELINE, and is not measured");
        passed = false;
    }
    if passed {
        return Ok(ExitCode::SUCCESS);
    }
    println!("\nMake it faster, or, if the instructions are worth it, run");
    println!("`benches/run.sh --baseline`, check the file in, and say why.");
    Ok(ExitCode::FAILURE)
}

/// Of the library's pieces; what is by hand changes with other people's code.
fn ours() -> Result<BTreeMap<String, u64>, Failure> {
    let ours = PIECES.iter().enumerate().filter(|(_, (_, who, _))| *who == "ours");
    ours.map(|(number, (name, _, _))| Ok(((*name).to_owned(), count(number)?))).collect()
}

/// Only what happens inside of [`measured`] counts.
fn count(number: usize) -> Result<u64, Failure> {
    let arguments = ["piece", &number.to_string()];
    instructions(&std::env::current_exe()?, &arguments, Some("bench_core::pieces::measured"))
}

fn compiler() -> Result<String, Failure> {
    let said = Command::new("rustc").arg("-vV").output()?.stdout;
    let said = String::from_utf8(said)?;
    let line = |start: &str| said.lines().find_map(|line| line.strip_prefix(start));
    let (release, host) = (line("release: "), line("host: "));
    Ok(format!("{} for {}", release.ok_or("no release")?, host.ok_or("no host")?))
}
