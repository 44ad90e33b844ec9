//! A transport that is another program, so that Node plays the same scenarios.

use std::{
    io::{self, Read as _, Write as _},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{Call, Outcome, Target, Transport};

/// After so long the program is ended.
const LIMIT: Duration = Duration::from_secs(40);

/// Runs a program for every call.
///
/// It gets one JSON document on its standard input, `{"target": …, "call": …}` (see [`Target`]
/// and [`Call`]), and writes one as the last line of its standard output: an [`Outcome`].
#[derive(Debug, Clone)]
pub struct CommandTransport {
    /// The transport's name: `fetch` for a client over `fetch`.
    pub name: String,
    /// The program.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
}

impl Transport for CommandTransport {
    fn name(&self) -> &str {
        &self.name
    }

    fn play(&self, target: &Target, call: &Call) -> Outcome {
        self.run(target, call).unwrap_or_else(|error| Outcome {
            fate: "none".to_owned(),
            message: format!("the program {} gave no outcome: {error}", self.program),
            ..Outcome::default()
        })
    }
}

impl CommandTransport {
    fn run(&self, target: &Target, call: &Call) -> io::Result<Outcome> {
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            let input = serde_json::json!({ "target": target, "call": call });
            // A program that does not read it fails by its output.
            let _ = writeln!(stdin, "{input}");
        }
        let stdout = child.stdout.take();
        let reader = thread::spawn(move || {
            let mut text = String::new();
            stdout.map(|mut stdout| stdout.read_to_string(&mut text)).transpose().map(|_| text)
        });
        end(&mut child)?;
        let text = reader.join().map_err(|_| io::Error::other("its output was lost"))??;
        let line = text.lines().last().unwrap_or_default();
        serde_json::from_str(line).map_err(io::Error::other)
    }
}

/// Waits for the program, or ends it.
fn end(child: &mut Child) -> io::Result<()> {
    let until = Instant::now() + LIMIT;
    while child.try_wait()?.is_none() {
        if Instant::now() > until {
            child.kill()?;
            child.wait()?;
        }
        thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}
