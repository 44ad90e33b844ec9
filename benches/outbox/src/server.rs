//! A Postgres server of this machine, in a folder and on a socket of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bench_core::Failure;
use tempfile::TempDir;

/// What is not the default: more connections than 128 slots need, and no checkpoint that one
/// contestant pays for and another does not. `fsync`, `synchronous_commit` and `full_page_writes`
/// are on, as they are by default.
pub(crate) const SETTINGS: [(&str, &str); 4] = [
    ("max_connections", "300"),
    ("shared_buffers", "512MB"),
    ("max_wal_size", "8GB"),
    ("checkpoint_timeout", "30min"),
];

/// A server that ends with this.
pub(crate) struct Server {
    folder: TempDir,
    programs: PathBuf,
}

impl Server {
    /// One whose data lies in a folder of this one.
    pub(crate) fn start(within: &Path) -> Result<Self, Failure> {
        let programs = programs().ok_or("no Postgres server is installed")?;
        let server = Self { folder: tempfile::tempdir_in(within)?, programs };
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(server.folder.path()))?;
        }
        let mut initdb = server.program("initdb");
        initdb.args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C"]);
        run(initdb.arg("--pgdata").arg(server.data()))?;
        let mut options = format!(
            "-c listen_addresses='' -c unix_socket_directories='{}'",
            server.folder.path().display()
        );
        for (name, value) in SETTINGS {
            options.extend([" -c ", name, "=", value]);
        }
        let mut start = server.program("pg_ctl");
        start.args(["start", "--wait", "--silent", "--timeout=50", "--pgdata"]).arg(server.data());
        start.arg("--log").arg(server.data().join("server.log"));
        run(start.arg("--options").arg(options))?;
        Ok(server)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A program of Postgres, which refuses to be run by root.
    fn program(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir("/");
        command
    }

    /// Of a database, as all contestants' libraries read it.
    pub(crate) fn url(&self, database: &str) -> String {
        let folder = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgres://postgres@{folder}:5432/{database}")
    }

    /// A database with nothing in it, whatever was in it before.
    pub(crate) fn fresh(&self, database: &str) -> Result<String, Failure> {
        self.psql("postgres", &format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)"))?;
        self.psql("postgres", &format!("CREATE DATABASE {database}"))?;
        Ok(self.url(database))
    }

    /// Does what SQL says, and gives what it prints.
    pub(crate) fn psql(&self, database: &str, sql: &str) -> Result<String, Failure> {
        let mut psql = self.program("psql");
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d"]);
        psql.arg(database).arg("-h").arg(self.folder.path()).arg("-c").arg(sql);
        let output = psql.output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Seconds of processor time that all of its processes have taken, those that ended too.
    pub(crate) fn processor(&self) -> Result<f64, Failure> {
        let file = std::fs::read_to_string(self.data().join("postmaster.pid"))?;
        let server: u32 = file.lines().next().unwrap_or_default().parse()?;
        // Of those that ended, in ticks of a hundredth: its fields 16 and 17.
        let mut seconds = ticks(server, 15..17)?;
        for entry in std::fs::read_dir("/proc")?.flatten() {
            let name = entry.file_name();
            let Some(process) = name.to_str().and_then(|it| it.parse().ok()) else { continue };
            let Ok(parent) = field(process, 3) else { continue };
            if parent == u64::from(server) {
                let taken = std::fs::read_to_string(format!("/proc/{process}/schedstat"));
                let taken = taken.unwrap_or_default();
                let nanoseconds = taken.split(' ').next().and_then(|it| it.parse::<f64>().ok());
                seconds += nanoseconds.unwrap_or_default() / 1e9;
            }
        }
        Ok(seconds)
    }

    /// Such as `PostgreSQL 15.8`.
    pub(crate) fn version(&self) -> Result<String, Failure> {
        let version = self.psql("postgres", "SHOW server_version")?;
        Ok(format!("PostgreSQL {}", version.split(' ').next().unwrap_or_default()))
    }

    /// Leaves nothing for the server to do that is of before.
    pub(crate) fn settle(&self, database: &str) -> Result<(), Failure> {
        for sql in ["VACUUM ANALYZE", "CHECKPOINT"] {
            self.psql(database, sql)?;
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut stop = self.program("pg_ctl");
        stop.args(["stop", "--wait", "--silent", "--mode=immediate", "--timeout=50", "--pgdata"]);
        let _ = run(stop.arg(self.data()));
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}

/// Where the newest Postgres has its programs: those on the PATH are often not the server's.
fn programs() -> Option<PathBuf> {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = debian.map(|version| version.path().join("bin")).collect();
    folders.sort();
    folders.reverse();
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders.extend(std::env::split_paths(&path));
    folders.into_iter().find(|folder| folder.join("initdb").is_file())
}

/// Without pipes: a server that is started inherits them, and would keep them open.
fn run(command: &mut Command) -> Result<(), Failure> {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        other => Err(format!("{command:?}: {other:?}").into()),
    }
}

/// A field of `/proc/PID/stat`, counted from 0.
fn field(process: u32, at: usize) -> Result<u64, Failure> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name of the program may have spaces.
    let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
    let field = after.split_whitespace().nth(at.saturating_sub(2));
    Ok(field.ok_or("no such field")?.parse()?)
}

/// Seconds in these fields of `/proc/PID/stat`.
pub(crate) fn ticks(process: u32, fields: std::ops::Range<usize>) -> Result<f64, Failure> {
    let mut ticks = 0;
    for at in fields {
        ticks += field(process, at)?;
    }
    Ok(ticks as f64 / 100.0)
}
