//! A folder with payment files, and the bank that pays them.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Bank, Ended, OPERATING, PAYROLL, Program};

pub(crate) const HEADER: &str =
    "payment_id,source_account_id,recipient_name,bank_id,account_number,amount,reference\n";

/// The columns of `FILE.results.csv`.
pub(crate) const RESULTS: &str = "row,payment_id,outcome,bank_payment_id,bank_status,amount,\
    recipient_name,account,idempotency_key,first_sent,attempts,error_kind,error_code,request_id,\
    message";

/// A folder, in which the program runs, and a bank.
pub(crate) struct Folder {
    pub(crate) bank: Bank,
    folder: TempDir,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self { bank: Bank::start(), folder: tempfile::tempdir().unwrap() }
    }

    /// One with a file `p.csv` of so many invoices.
    pub(crate) fn of(count: u32) -> Self {
        let folder = Self::new();
        folder.write("p.csv", invoices(1..=count));
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The names of all files, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let names = entries.map(|it| it.unwrap().file_name().to_string_lossy().into_owned());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    /// `qbank run` with these words.
    pub(crate) fn run(&self, line: &str) -> Program {
        self.bank.qbank("run").args(line).within(self.folder.path())
    }

    /// The same on a terminal.
    #[cfg(target_os = "linux")]
    pub(crate) fn on_terminal(&self, line: &str) -> super::Terminal {
        let program = Program::for_terminal("run").args(line).within(self.folder.path());
        super::Terminal::start(self.bank.credentials(program), 80)
    }

    /// The results of a file.
    pub(crate) fn results(&self, file: &str) -> Vec<ResultLine> {
        results(&self.read(&format!("{file}.results.csv")))
    }

    /// How many payments of a file have each outcome.
    pub(crate) fn outcomes(&self, file: &str) -> Vec<String> {
        self.results(file).into_iter().map(|it| it.outcome).collect()
    }
}

/// A line of the results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResultLine {
    pub(crate) payment_id: String,
    pub(crate) outcome: String,
    pub(crate) cells: Vec<String>,
}

impl ResultLine {
    pub(crate) fn cell(&self, column: &str) -> &str {
        let at = RESULTS.split(',').position(|name| name == column).unwrap();
        &self.cells[at]
    }
}

fn results(text: &str) -> Vec<ResultLine> {
    let mut lines = records(text).into_iter();
    assert_eq!(lines.next().unwrap().join(","), RESULTS);
    lines
        .map(|cells| ResultLine { payment_id: cells[1].clone(), outcome: cells[2].clone(), cells })
        .collect()
}

/// The records of a CSV without line breaks in its cells.
pub(crate) fn records(text: &str) -> Vec<Vec<String>> {
    text.lines().map(cells).collect()
}

fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut quoted) = (vec![String::new()], false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            c => cells.last_mut().unwrap().push(c),
        }
    }
    cells
}

/// What another application enqueues in a journal.
pub(crate) fn intent_of_app() -> Value {
    json!({
        "id": "X",
        "type": "ach",
        "actor": "app",
        "request": {
            "source_account_id": OPERATING,
            "destination_account_id": PAYROLL,
            "amount": 5,
        },
    })
}

/// A CSV of invoices, each to an account of its own.
pub(crate) fn invoices(numbers: impl IntoIterator<Item = u32>) -> String {
    let mut file = HEADER.to_owned();
    for n in numbers {
        file.push_str(&invoice(n));
    }
    file
}

pub(crate) fn invoice(n: u32) -> String {
    let mut line = String::new();
    let cents = 100 + n % 100;
    let _ = writeln!(
        line,
        "INV-{n},{OPERATING},Supplier {n},021000021,{},{}.{:02},REF {n}",
        70_000_000 + n,
        cents / 100,
        cents % 100
    );
    line
}

/// What they add up to, in cents.
pub(crate) fn cents(count: u32) -> u64 {
    (1..=count).map(|n| u64::from(100 + n % 100)).sum()
}

/// The document of a run that ended with this code.
#[track_caller]
pub(crate) fn result(ended: &Ended, code: i32) -> Value {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    let document: Value =
        serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
    document["result"].clone()
}

/// The message of a run that sent nothing.
#[track_caller]
pub(crate) fn refused(ended: &Ended) -> String {
    let error = ended.error(2);
    assert_eq!(error["fate"], "never_sent", "{error}");
    error["message"].as_str().unwrap_or_default().to_owned()
}

/// What is wrong with a file, row by row.
#[track_caller]
pub(crate) fn rows(ended: &Ended) -> Vec<String> {
    let error = ended.error(2);
    let rows = error["rows"].as_array().cloned().unwrap_or_default();
    let text = |row: &Value| {
        let place = match (row["line"].as_u64(), row["column"].as_str()) {
            (Some(line), Some(column)) => format!("{line} {column}: "),
            (Some(line), None) => format!("{line}: "),
            _ => String::new(),
        };
        format!("{place}{}", row["message"].as_str().unwrap_or_default())
    };
    rows.iter().map(text).collect()
}
