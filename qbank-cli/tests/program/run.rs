//! Runs of the built program: a clean environment, bounded waits, and everything that
//! it printed.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write};
#[cfg(target_os = "linux")]
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{PATIENCE, document};

/// A run of the program that has not begun.
pub(crate) struct Program {
    command: Command,
    stdin: Vec<u8>,
    stdout: Option<File>,
    stderr: Option<File>,
}

impl Program {
    /// The words of `line` are its arguments.
    ///
    /// It starts with every signal's default, whatever the tests inherited: under `nohup` SIGHUP
    /// is ignored, in the background of a shell SIGINT.
    #[cfg(target_os = "linux")]
    pub(crate) fn new(line: &str) -> Self {
        let mut env = Command::new("env");
        env.arg("--default-signal").arg(env!("CARGO_BIN_EXE_qbank"));
        Self::of(env, line)
    }

    /// The words of `line` are its arguments.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn new(line: &str) -> Self {
        Self::of(Command::new(env!("CARGO_BIN_EXE_qbank")), line)
    }

    /// The same, started by a shell that first does something else.
    #[cfg(unix)]
    pub(crate) fn after(script: &str, line: &str) -> Self {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(format!("{script}; exec \"$0\" \"$@\""));
        shell.arg(env!("CARGO_BIN_EXE_qbank"));
        Self::of(shell, line)
    }

    /// The same, as the leader of a session on the terminal that it is started on.
    #[cfg(target_os = "linux")]
    pub(crate) fn for_terminal(line: &str) -> Self {
        let mut env = Command::new("env");
        env.args(["--default-signal", "setsid", "--ctty", env!("CARGO_BIN_EXE_qbank")]);
        Self::of(env, line).env("TERM", "xterm")
    }

    fn of(mut command: Command, line: &str) -> Self {
        command.args(line.split_ascii_whitespace()).env_clear();
        // What the operating system and a coverage run need.
        for name in ["SystemRoot", "LLVM_PROFILE_FILE"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        Self { command, stdin: Vec::new(), stdout: None, stderr: None }
    }

    pub(crate) fn arg(mut self, word: impl AsRef<OsStr>) -> Self {
        self.command.arg(word);
        self
    }

    pub(crate) fn args(mut self, line: &str) -> Self {
        self.command.args(line.split_ascii_whitespace());
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn within(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Where its stdout goes instead of to the test.
    pub(crate) fn stdout_to(mut self, file: File) -> Self {
        self.stdout = Some(file);
        self
    }

    /// Where its stderr goes instead of to the test.
    pub(crate) fn stderr_to(mut self, file: File) -> Self {
        self.stderr = Some(file);
        self
    }

    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// Runs it to its end.
    pub(crate) fn run(self) -> Ended {
        self.start().end()
    }

    /// The same, of much work.
    pub(crate) fn run_long(self) -> Ended {
        self.start().end_within(40 * PATIENCE)
    }

    pub(crate) fn start(mut self) -> Running {
        let stdin = std::mem::take(&mut self.stdin);
        let mut running = self.start_with_open_stdin();
        if let Some(mut pipe) = running.child.stdin.take() {
            // A program that does not read is no failure of the test.
            let _ = pipe.write_all(&stdin);
        }
        running
    }

    /// Starts it with all three streams on a terminal.
    #[cfg(target_os = "linux")]
    pub(crate) fn spawn_on(mut self, terminal: &OwnedFd) -> Child {
        let stream = || Stdio::from(terminal.try_clone().unwrap());
        self.command.stdin(stream()).stdout(stream()).stderr(stream()).spawn().unwrap()
    }

    /// Starts it as at a terminal without input.
    pub(crate) fn start_with_open_stdin(mut self) -> Running {
        let mut child = self
            .command
            .stdin(Stdio::piped())
            .stdout(self.stdout.map_or_else(Stdio::piped, Into::into))
            .stderr(self.stderr.map_or_else(Stdio::piped, Into::into))
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().map(Stream::new).unwrap_or_default();
        let stderr = child.stderr.take().map(Stream::new).unwrap_or_default();
        Running { child, stdout, stderr }
    }
}

/// A run of the program.
pub(crate) struct Running {
    pub(crate) child: Child,
    stdout: Stream,
    stderr: Stream,
}

impl Running {
    /// Waits until something holds of the run.
    pub(crate) fn until<T>(&self, what: &str, mut holds: impl FnMut() -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = holds() {
                return found;
            }
            let stderr = self.stderr.so_far();
            assert!(Instant::now() < end, "never: {what}; stderr: {stderr}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// The key that it prints before the first send.
    pub(crate) fn key(&self) -> String {
        self.until("a key line", || key_line(self.stderr.so_far().split_inclusive('\n')))
    }

    pub(crate) fn stdout_so_far(&self) -> String {
        self.stdout.so_far()
    }

    pub(crate) fn stdout_line(&self) -> String {
        self.until("a line on stdout", || {
            let text = self.stdout.so_far();
            text.split_once('\n').map(|(line, _)| line.to_owned())
        })
    }

    pub(crate) fn stderr_line(&self) -> String {
        self.until("a line on stderr", || {
            let text = self.stderr.so_far();
            text.split_once('\n').map(|(line, _)| line.to_owned())
        })
    }

    /// Whole lines of stdout, once there are so many.
    pub(crate) fn stdout_lines(&self, count: usize) -> Vec<String> {
        self.until("lines on stdout", || whole_lines(&self.stdout.so_far(), count))
    }

    /// Whole lines of stderr, once there are so many.
    pub(crate) fn stderr_lines(&self, count: usize) -> Vec<String> {
        self.until("lines on stderr", || whole_lines(&self.stderr.so_far(), count))
    }

    /// Sends it a signal by its name.
    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        // The shell's own: a small machine has no such program.
        let kill = format!("kill -{name} {}", self.child.id());
        let sent = Command::new("sh").args(["-c", &kill]).status();
        assert!(sent.unwrap().success());
    }

    /// Ends it without warning.
    pub(crate) fn kill(mut self) -> Ended {
        self.child.kill().unwrap();
        self.end()
    }

    /// Waits for its end.
    pub(crate) fn end(self) -> Ended {
        self.end_within(PATIENCE)
    }

    pub(crate) fn end_within(mut self, patience: Duration) -> Ended {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if begun.elapsed() > patience {
                let _ = self.child.kill();
                panic!("it does not end; stderr: {}", self.stderr.so_far());
            }
            thread::sleep(Duration::from_millis(3));
        };
        Ended {
            code: status.code(),
            took: begun.elapsed(),
            stdout: self.stdout.whole(),
            stderr: self.stderr.whole(),
        }
    }
}

fn whole_lines(text: &str, count: usize) -> Option<Vec<String>> {
    let lines = text.split_inclusive('\n').filter(|it| it.ends_with('\n'));
    let lines: Vec<String> = lines.map(Into::into).collect();
    (lines.len() >= count).then_some(lines)
}

impl Drop for Running {
    fn drop(&mut self) {
        // A test that failed leaves nothing running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// From when it was waited for.
    pub(crate) took: Duration,
}

impl Ended {
    /// It succeeded, and printed exactly one document.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.code, Some(0), "{self:?}");
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// It failed with this code, stdout is empty, and the last line on stderr is
    /// an error document; gives what is in it.
    #[track_caller]
    pub(crate) fn error(&self, code: i32) -> Value {
        assert_eq!(self.stdout, "", "{self:?}");
        self.error_after_output(code)
    }

    /// The same, after something was printed.
    #[track_caller]
    pub(crate) fn error_after_output(&self, code: i32) -> Value {
        assert_eq!(self.code, Some(code), "{self:?}");
        let last = self.stderr.lines().last().unwrap_or_default();
        let document: Value =
            serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        document::assert_error(&document);
        document["error"].clone()
    }

    /// The key of the key line.
    #[track_caller]
    pub(crate) fn key(&self) -> String {
        key_line(self.stderr.split_inclusive('\n')).unwrap_or_else(|| panic!("{self:?}"))
    }
}

fn key_line<'a>(mut lines: impl Iterator<Item = &'a str>) -> Option<String> {
    lines.find_map(|line| {
        let json = line.strip_prefix(r#"{"idempotency_key": ""#);
        let key = match json {
            Some(key) => key.strip_suffix("\"}\n"),
            // For people.
            None => line.strip_prefix("idempotency key: ")?.strip_suffix('\n'),
        };
        key.map(ToOwned::to_owned)
    })
}

/// What comes out of a pipe, read by a thread of its own.
#[derive(Default)]
struct Stream {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Stream {
    fn new(mut pipe: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&bytes);
        let reader = thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(length @ 1..) = pipe.read(&mut chunk) {
                shared.lock().unwrap().extend_from_slice(&chunk[..length]);
            }
        });
        Self { bytes, reader: Some(reader) }
    }

    fn so_far(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }

    fn whole(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        self.so_far()
    }
}
