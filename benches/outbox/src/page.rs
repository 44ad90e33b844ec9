//! The page of what was measured.

use std::fmt::Write as _;
use std::process::Command;

use crate::claims::{Claims, Size, Worked, median};
use crate::race::{CONCURRENCIES, Race, Results, Who};
use crate::server::SETTINGS;

/// All that was measured.
pub(crate) struct Measured {
    pub(crate) race: Results,
    pub(crate) postgres: Claims,
    pub(crate) sqlite: Claims,
    pub(crate) worked: (Worked, Worked),
}

/// How it was measured.
pub(crate) struct Run<'a> {
    pub(crate) size: Size,
    pub(crate) race: &'a Race<'a>,
    pub(crate) postgres: String,
    pub(crate) full: bool,
    /// The load average when it began: without anything else on the machine, below 1.
    pub(crate) load: String,
}

/// A program's own words, on one line.
fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|it| String::from_utf8_lossy(&it.stdout).trim().to_owned());
    text.unwrap_or_default()
}

fn processor() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("?", |it| it.trim_start_matches([' ', '\t', ':']));
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{model} with {count} processors")
}

/// The load average of the last minute.
pub(crate) fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().unwrap_or("?").to_owned()
}

/// The median of the rounds' own ratios, and where their middle half lies.
fn ratio(ours: &[f64], theirs: &[f64]) -> (f64, String) {
    let mut ratios: Vec<f64> =
        ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect();
    ratios.sort_by(f64::total_cmp);
    let last = ratios.len().saturating_sub(1);
    let at = |at: usize| ratios.get(at).copied().unwrap_or(f64::NAN);
    let (first, middle, third) = (at(last / 4), at(ratios.len() / 2), at((last * 3).div_ceil(4)));
    (middle, format!("{middle:.2}× [{first:.2}× – {third:.2}×]"))
}

fn rates(values: &[f64]) -> String {
    format!("{:.0}", median(values.to_vec()))
}

/// As Markdown.
pub(crate) fn page(measured: &Measured, run: &Run<'_>) -> Result<String, std::fmt::Error> {
    let mut page = String::new();
    head(&mut page, run)?;
    race(&mut page, measured)?;
    claims(&mut page, measured, run.size)?;
    Ok(page)
}

fn head(page: &mut String, run: &Run<'_>) -> std::fmt::Result {
    let settings: Vec<String> =
        SETTINGS.iter().map(|(name, value)| format!("`{name}={value}`")).collect();
    let python = run.race.python.display().to_string();
    let version = "import importlib.metadata as m; print(', '.join(f'{n} {m.version(n)}' for n in \
                   ('procrastinate', 'psycopg', 'aiohttp', 'uvloop')))";
    writeln!(
        page,
        "# The outbox beside other queues\n\n\
         Made by `benches/run.sh --outbox`; how it is measured says [README.md](README.md). Do not \
         edit.\n\n\
         {}, {}. {}, {}; the load average was {} when it began: above 1 the machine was not \
         quiet, and the rates are not to be quoted. {}, over a Unix socket, `fsync`, `synchronous_commit` and \
         `full_page_writes` on, {}; the same for all. graphile_worker {}; {}.\n",
        said("date", &["-u", "+%Y-%m-%d"]),
        if run.full { "a full run" } else { "**a short run, not to be quoted**" },
        processor(),
        said("rustc", &["--version"]).split(" (").next().unwrap_or_default(),
        run.load,
        run.postgres,
        settings.join(", "),
        graphile_version(),
        said(&python, &["-c", version]),
    )?;
    writeln!(
        page,
        "## Payments per second\n\n\
         {} payments are enqueued ({} for `procrastinate`), and then worked off by one process \
         until the last completion is committed. {} rounds, in each of which everybody takes a \
         turn with a database of its own; medians. All send the same `POST` with a key to the same \
         bank, a process of its own that answers 202 with a `Location` without any delay: what is \
         measured is the queue.\n",
        run.race.jobs,
        run.race.jobs / 10,
        run.race.rounds
    )
}

/// As its lock file has it.
fn graphile_version() -> String {
    let lock = include_str!("../graphile/Cargo.lock");
    let after = lock.split("name = \"graphile_worker\"\nversion = \"").nth(1);
    after.and_then(|it| it.split('"').next()).unwrap_or("?").to_owned()
}

fn race(page: &mut String, measured: &Measured) -> std::fmt::Result {
    let columns: Vec<String> = CONCURRENCIES.iter().map(|n| format!("{n} at once")).collect();
    writeln!(page, "| | {} | enqueued |\n|---|---|---|---|---|", columns.join(" | "))?;
    for who in Who::ALL {
        write!(page, "| {} ", who.name())?;
        let mut enqueued = Vec::new();
        for concurrency in CONCURRENCIES {
            let Some(found) = measured.race.get(&(concurrency, who)) else { continue };
            write!(page, "| {} ", rates(&found.done))?;
            enqueued.extend(&found.enqueued);
        }
        writeln!(page, "| {} |", rates(&enqueued))?;
    }
    writeln!(
        page,
        "\nThe outbox on Postgres over the others, the median of the rounds' ratios:\n"
    )?;
    writeln!(page, "| over | target | {} | |\n|---|---|---|---|---|---|", columns.join(" | "))?;
    for who in [Who::Graphile, Who::Procrastinate, Who::Batched] {
        write!(page, "| {} | ≥ 1.20× ", who.name())?;
        let mut met = true;
        for concurrency in CONCURRENCIES {
            let of = |who| measured.race.get(&(concurrency, who));
            let (Some(ours), Some(theirs)) = (of(Who::Ours), of(who)) else { continue };
            let (value, text) = ratio(&ours.done, &theirs.done);
            met &= value >= 1.2;
            write!(page, "| {text} ")?;
        }
        writeln!(page, "| {} |", if met { "met" } else { "**not met**" })?;
    }
    writeln!(
        page,
        "\nMicroseconds of processor time for a payment, of the contestant's process and of \
         Postgres together, which depends less on what else the machine does:\n\n| | {} |\n|---|---|---|---|",
        columns.join(" | ")
    )?;
    for who in Who::ALL {
        write!(page, "| {} ", who.name())?;
        for concurrency in CONCURRENCIES {
            let Some(found) = measured.race.get(&(concurrency, who)) else { continue };
            write!(page, "| {} ", rates(&found.processor))?;
        }
        writeln!(page, "|")?;
    }
    writeln!(page, "\n{WHAT}")
}

/// What each does, and why a target is missed.
const WHAT: &str = "\
What is committed before a payment counts as done:

- The outbox: its key and body; the claim; before the first byte that it is sent, and since \
when; the attempt, its fate and payment; and four links of a chain of digests. Each row of \
`outbox` is rewritten three times, in transactions that all slots share. A crash leaves it known \
which payments may have been sent.
- `graphile_worker`: that a job is taken, and its deletion, in a transaction each. Nothing is kept \
of a job that is done. Every slot takes one job at each poll: its interval is 1 ms here (1 s by \
default, which is then its limit); a connection for each slot.
- The same, batched: `local_queue` takes four times as many jobs at once as there are slots, \
`complete_job_batch_delay` (5 ms) collects deletions. A slot does not wait for its deletion: the \
next job begins before the last one's is committed. A crash runs again all jobs of which it was \
not, up to the whole local queue; nothing tells which of them were sent.
- `procrastinate`: that a job is taken, and that it is done, a transaction each; its trigger keeps \
three events.

Why the batched `graphile_worker` is not reached: for each payment it writes a row once and deletes it. \
Where our evidence is kept there are eight rows to be written, and each has a digest or an index; \
the table above is what that takes. With 8 calls at once it is the turns: one transaction at a time, \
and a payment needs three of them, one after the other (claimed, sending, ended). If a claim and its \
beginning were one transaction, it would be two, and a row less to be written.
";

fn claims(page: &mut String, measured: &Measured, size: Size) -> std::fmt::Result {
    writeln!(
        page,
        "## Claims\n\n\
         Milliseconds of a turn that claims 32 rows (10 where 10 are due), its commit included: the \
         median of {} turns. The databases lie in memory (`/dev/shm`), so that the disk hides \
         nothing of it.\n\n\
         | | target | Postgres | SQLite | |\n|---|---|---|---|---|",
        size.turns
    )?;
    let (postgres, sqlite) = (&measured.postgres, &measured.sqlite);
    let row = |page: &mut String, name: &str, of: fn(&Claims) -> f64| {
        writeln!(page, "| {name} | – | {:.2} | {:.2} | no target |", of(postgres), of(sqlite))
    };
    let over = |page: &mut String, name: &str, of: fn(&Claims) -> f64, limit: Option<f64>| {
        let (one, other) = (of(postgres), of(sqlite));
        let (target, met) = match limit {
            None => ("–".to_owned(), "no target"),
            Some(limit) if one < limit && other < limit => (format!("< {limit:.0}×"), "met"),
            Some(limit) => (format!("< {limit:.0}×"), "**not met**"),
        };
        writeln!(page, "| {name} | {target} | {one:.2}× | {other:.2}× | {met} |")
    };
    let rows = size.rows;
    row(page, "10,000 rows are due, nothing else is there", |it| it.alone)?;
    row(page, &format!("the same in a table of {rows} rows, the others settled"), |it| it.beside)?;
    over(page, "slower by", |it| it.beside / it.alone, Some(2.0))?;
    row(page, &format!("{rows} rows are due"), |it| it.all_due)?;
    over(page, "slower than with 10,000 by", |it| it.all_due / it.alone, Some(2.0))?;
    row(page, "10 rows are due, nothing else is there", |it| it.ten)?;
    row(page, &format!("the same, and {} are due in a paused lane", rows / 10), |it| it.paused)?;
    over(page, "slower by", |it| it.paused / it.ten, None)?;
    let (without, with) = measured.worked;
    writeln!(
        page,
        "\nRows of a paused lane stay in the order of what is due, and are passed over at each claim.\n\n\
         ## Dead rows under a long transaction\n\n\
         Postgres. {} rows are worked through in turns that each end, begin and claim 128; \
         milliseconds of a turn, medians. With a snapshot that another connection holds from \
         before (`REPEATABLE READ`), none of the {} dead versions can be removed.\n\n\
         | | first tenth | last tenth | slower by |\n|---|---|---|---|",
        size.worked,
        3 * size.worked
    )?;
    for (name, worked) in [("no other transaction", without), ("a snapshot is held", with)] {
        let Worked { first, last } = worked;
        writeln!(page, "| {name} | {first:.1} | {last:.1} | {:.2}× |", last / first)?;
    }
    Ok(())
}
