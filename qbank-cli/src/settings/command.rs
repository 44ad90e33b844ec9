//! A secret that a command prints, such as that of a password manager.

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use qbank_proto::Secret;

use crate::failure::Failure;
use crate::input;

/// Enough for a person to confirm on another device.
const WITHIN: Duration = Duration::from_secs(60);
const MOST: u64 = 64 << 10;
/// How often its end is checked.
const POLL: Duration = Duration::from_millis(5);

/// What the command prints, trimmed. It runs without a shell and without input. A failure
/// names the command alone: what it printed, and its arguments, may be secret.
pub(super) fn secret(words: &[String]) -> Result<Secret, Failure> {
    secret_within(words, WITHIN)
}

fn secret_within(words: &[String], within: Duration) -> Result<Secret, Failure> {
    let (program, arguments) = words.split_first().ok_or_else(|| failed("", "is empty"))?;
    let failed = |why: &str| failed(program, why);
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(&format!("cannot be started: {error}")))?;
    let Some(stdout) = child.stdout.take() else { return Err(failed("has no output")) };
    let (sender, receiver) = mpsc::channel();
    let begun = Instant::now();
    // Not joined: a process that the command leaves behind may keep the pipe open.
    let reader = thread::Builder::new().spawn(move || {
        let mut bytes = Vec::new();
        let read = stdout.take(MOST + 1).read_to_end(&mut bytes);
        let _ = sender.send(read.map(|_| bytes));
    });
    let read = match reader {
        Ok(_) => receiver.recv_timeout(within),
        Err(error) => return Err(failed(&format!("cannot be read: {error}"))),
    };
    let mut ended = None;
    // What prints too much, or nothing in time, is not waited for.
    let is_complete = matches!(&read, Ok(Ok(bytes)) if bytes.len() as u64 <= MOST);
    while is_complete && ended.is_none() && begun.elapsed() < within {
        ended = child.try_wait().ok().flatten();
        if ended.is_none() {
            thread::sleep(POLL);
        }
    }
    if ended.is_none() {
        let _ = child.kill();
        let _ = child.wait();
    }
    let bytes = match read {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) => return Err(failed(&format!("cannot be read: {error}"))),
        Err(_) => return Err(failed(&format!("took more than {} s", within.as_secs()))),
    };
    if !is_complete {
        return Err(failed(&format!("printed more than {MOST} bytes")));
    }
    match ended {
        Some(status) if status.success() => {}
        Some(status) => return Err(failed(&format!("failed ({status})"))),
        None => return Err(failed(&format!("took more than {} s", within.as_secs()))),
    }
    let text = String::from_utf8(bytes).map_err(|_| failed("printed what is not UTF-8"))?;
    match input::cleaned(&text) {
        "" => Err(failed("printed nothing")),
        text => Ok(Secret::new(text)),
    }
}

fn failed(program: &str, why: &str) -> Failure {
    Failure::usage(format!("`client-secret-command` in the profile: `{program}` {why}"))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn run(words: &[&str]) -> Result<String, String> {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        secret(&words).map(|it| it.expose().to_owned()).map_err(|it| it.to_string())
    }

    #[test]
    fn a_secret_is_what_the_command_prints() {
        assert_eq!(run(&["printf", " s3cret \n"]).unwrap(), "s3cret");
        // No shell reads it.
        assert_eq!(run(&["echo", "$HOME;id"]).unwrap(), "$HOME;id");
    }

    #[test]
    fn a_command_that_does_not_end_is_ended() {
        let begun = Instant::now();
        for script in ["exec sleep 60", "printf hidden; exec >&-; exec sleep 60"] {
            let words = ["sh", "-c", script].map(str::to_owned);
            let error = secret_within(&words, Duration::from_millis(200)).unwrap_err().to_string();
            assert!(error.ends_with("`sh` took more than 0 s"), "{error}");
        }
        assert!(begun.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_failure_names_the_command_and_not_what_it_printed() {
        for (words, why) in [
            (&["sh", "-c", "echo hidden; exit 3"][..], "`sh` failed (exit status: 3)"),
            (&["no-such-program", "hidden"], "`no-such-program` cannot be started"),
            (&["true", "hidden"], "`true` printed nothing"),
            (&["printf", "\\377hidden"], "`printf` printed what is not UTF-8"),
            (&["yes", "hidden"], "`yes` printed more than 65536 bytes"),
            (&[], "is empty"),
        ] {
            let error = run(words).unwrap_err();
            assert!(error.starts_with("`client-secret-command` in the profile: "), "{error}");
            assert!(error.contains(why) && !error.contains("hidden"), "{error}");
        }
    }
}
