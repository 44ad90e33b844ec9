//! The program on a pseudo-terminal that is its own: keys such as Ctrl-C are signals.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::pty::{Winsize, openpty};

use super::{PATIENCE, Program};

/// A program on a terminal.
pub(crate) struct Terminal {
    child: Child,
    keys: File,
    shown: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Terminal {
    pub(crate) fn start(program: Program, columns: u16) -> Self {
        let size = Winsize { ws_row: 40, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let pty = openpty(&size, None).unwrap();
        let child = program.spawn_on(&pty.slave);
        drop(pty.slave);
        let keys = File::from(pty.master);
        let mut terminal = keys.try_clone().unwrap();
        let shown = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&shown);
        let reader = thread::spawn(move || {
            let mut chunk = [0; 4096];
            // The terminal ends with an error once its other end is closed.
            while let Ok(length @ 1..) = terminal.read(&mut chunk) {
                shared.lock().unwrap().extend_from_slice(&chunk[..length]);
            }
        });
        Self { child, keys, shown, reader: Some(reader) }
    }

    pub(crate) fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().unwrap()).into_owned()
    }

    /// Waits until a text is shown.
    #[track_caller]
    pub(crate) fn until(&self, text: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.shown().contains(text) {
            assert!(Instant::now() < end, "never: {text}; shown: {}", self.shown());
            thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits for its end: its code, and all that was shown.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let end = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < end, "it does not end; shown: {}", self.shown());
            thread::sleep(Duration::from_millis(5));
        };
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        (status.code(), self.shown())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
