//! A Postgres server of this machine, in a folder and on a socket of its own.

#![allow(dead_code, unused_imports, unused_macros, reason = "each test uses a part of it")]

mod database;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

pub(crate) use database::{Database, Own};
use tempfile::TempDir;

pub(crate) struct Server {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
    databases: AtomicU32,
}

/// A test that is skipped is not silent: this is written past what a test's output is kept in.
pub(crate) fn skipped(what: &str) {
    // There may be nobody who reads it.
    let _ = writeln!(std::io::stderr(), "SKIPPED, {what}");
}

static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());

impl Server {
    /// One for all tests that run now; it stops with the last of them. None, where there is no
    /// Postgres on this machine, which is said.
    pub(crate) fn shared() -> Option<Arc<Self>> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = shared.upgrade() {
            return Some(server);
        }
        let server = Arc::new(Self::start_new()?);
        *shared = Arc::downgrade(&server);
        Some(server)
    }

    /// One that a test may stop.
    pub(crate) fn start_new() -> Option<Self> {
        Self::start_with(5432, &|_| Ok(String::new()))
    }

    /// One with more settings, which may need files in its folder.
    pub(crate) fn start_with(
        port: u16,
        more: &dyn Fn(&Self) -> Result<String, String>,
    ) -> Option<Self> {
        match Self::try_new(port, more) {
            Ok(server) => Some(server),
            Err(why) => {
                skipped(&format!("nothing was tested on Postgres: {why}"));
                None
            }
        }
    }

    fn try_new(port: u16, more: &dyn Fn(&Self) -> Result<String, String>) -> Result<Self, String> {
        let programs = programs().ok_or("no initdb is installed")?;
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let server = Self { folder, programs, port, databases: AtomicU32::new(0) };
        Self::give(server.folder.path())?;
        let data = server.data();
        let mut initdb = server.program("initdb");
        initdb.args(["--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8"]);
        run(initdb.arg("--locale=C").arg("--pgdata").arg(&data))?;
        let more = more(&server)?;
        // A process that ends loses nothing without fsync; only a machine does.
        let settings = format!(
            "-c listen_addresses='' -c unix_socket_directories='{}' -c fsync=off \
             -c max_connections=60 -c shared_buffers=32MB -c port={port} {more}",
            server.folder.path().display()
        );
        std::fs::write(server.folder.path().join("settings"), &settings)
            .map_err(|error| error.to_string())?;
        server.start()?;
        Ok(server)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Gives a file to the user that the server runs as.
    pub(crate) fn give(path: &Path) -> Result<(), String> {
        if is_root() { run(Command::new("chown").arg("postgres").arg(path)) } else { Ok(()) }
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

    pub(crate) fn start(&self) -> Result<(), String> {
        let settings = std::fs::read_to_string(self.folder.path().join("settings"));
        let settings = settings.map_err(|error| error.to_string())?;
        let mut start = self.program("pg_ctl");
        start.args(["start", "--wait", "--silent", "--timeout=50", "--pgdata"]).arg(self.data());
        start.arg("--log").arg(self.folder.path().join("data").join("server.log"));
        run(start.arg("--options").arg(settings))
    }

    /// As if the machine had stopped: no connection is ended in good order.
    pub(crate) fn stop_at_once(&self) -> Result<(), String> {
        let mut stop = self.program("pg_ctl");
        stop.args(["stop", "--wait", "--silent", "--mode=immediate", "--timeout=50", "--pgdata"]);
        run(stop.arg(self.data()))
    }

    /// The socket that it listens on.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join(format!(".s.PGSQL.{}", self.port))
    }

    /// Of a role and a database.
    pub(crate) fn url(&self, role: &str, database: &str) -> String {
        let folder = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgres://{role}@{folder}:{}/{database}", self.port)
    }

    /// A new database, by its name.
    pub(crate) fn database(&self) -> String {
        let name = format!("outbox_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.psql("postgres", &format!("CREATE DATABASE {name}")).unwrap();
        name
    }

    /// Does what SQL says, and gives what it prints.
    pub(crate) fn psql(&self, database: &str, sql: &str) -> Result<String, String> {
        let mut psql = self.program("psql");
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d"]);
        psql.arg(database).arg("-h").arg(self.folder.path());
        let psql = psql.arg("-p").arg(self.port.to_string()).arg("-c").arg(sql);
        let output = psql.output().map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Puts a line before all others that say how a role is let in. It holds from a moment
    /// after.
    pub(crate) fn let_in(&self, line: &str) {
        let path = self.data().join("pg_hba.conf");
        let before = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{line}\n{before}")).unwrap();
        self.psql("postgres", "SELECT pg_reload_conf()").unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.stop_at_once();
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
fn run(command: &mut Command) -> Result<(), String> {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        other => Err(format!("{command:?}: {other:?}")),
    }
}
