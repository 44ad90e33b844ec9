//! Files and standard input.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use qbank_proto::Secret;

use super::cleaned;
use crate::failure::Failure;

/// A secret from a file.
pub(crate) fn secret(path: &Path, what: &str) -> Result<Secret, Failure> {
    let bytes = bytes(path, what, 64 << 10)?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::usage(format!("{what}: {} is not UTF-8", shown(path))))?;
    let text = cleaned(&text);
    if text.is_empty() {
        return Err(Failure::usage(format!("{what}: {} is empty", shown(path))));
    }
    Ok(Secret::new(text))
}

/// Whether every user of this machine can read a file, by its mode. A pipe or a device is
/// read once.
#[cfg(unix)]
pub(crate) fn others_can_read(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.mode() & 0o004 != 0)
}

/// There is no mode to go by.
#[cfg(not(unix))]
pub(crate) fn others_can_read(_: &Path) -> bool {
    false
}

/// Certificates in PEM.
pub(crate) fn pem(path: &Path, what: &str) -> Result<Vec<u8>, Failure> {
    let bytes = bytes(path, what, 4 << 20)?;
    Ok(bytes.strip_prefix(b"\xef\xbb\xbf").map(<[u8]>::to_vec).unwrap_or(bytes))
}

/// A file's bytes; `-` is standard input.
pub(crate) fn bytes(path: &Path, what: &str, most: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        io::stdin().lock().take(most + 1).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes))
    };
    read.map_err(|error| {
        Failure::usage(format!("{what}: {} cannot be read: {error}", shown(path)))
    })?;
    if bytes.len() as u64 > most {
        return Err(Failure::usage(format!("{what}: {} is larger than {most} bytes", shown(path))));
    }
    Ok(bytes)
}

fn shown(path: &Path) -> String {
    if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() }
}
