//! What an error of Postgres means: try again, something an administrator has to do, or neither.

use std::error::Error as _;
use std::{fmt, io};

use deadpool_postgres::PoolError;
use tokio_postgres::Error;
use tokio_postgres::error::DbError;

use crate::store::StoreError;

/// The message of an error. Without the server's `DETAIL`, which repeats values of a row.
#[derive(Debug)]
struct Fault(String);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Fault {}

pub(super) fn unavailable(why: impl Into<String>) -> StoreError {
    StoreError::Unavailable(Box::new(Fault(why.into())))
}

pub(super) fn other(why: impl Into<String>) -> StoreError {
    StoreError::Other(Box::new(Fault(why.into())))
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error.as_db_error() {
            Some(refused) => of_server(refused),
            None => of_connection(&error),
        }
    }
}

impl From<PoolError> for StoreError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => error.into(),
            PoolError::Timeout(_) => unavailable("no connection to Postgres in time"),
            error => other(error.to_string()),
        }
    }
}

fn of_server(refused: &DbError) -> StoreError {
    let code = refused.code().code();
    let message = format!("Postgres: {} (SQLSTATE {code})", refused.message());
    let advice = match code {
        _ if passes(code) || refused.message().starts_with("cached plan must not change") => {
            return unavailable(message);
        }
        "28P01" | "28000" => "check the user, and its password in PGPASSFILE or in the URL",
        "3D000" => "createdb makes a database, and `migrate` a store in it",
        "42P01" | "42703" => "this database has no outbox, or not all of it; `migrate` makes one",
        "42501" => {
            "the owner of the tables can GRANT this right, or do `migrate` in place of this role"
        }
        "3F000" => "the search_path names no schema that there is: CREATE SCHEMA makes it",
        _ => return other(message),
    };
    StoreError::NotAStore(format!("{message}: {advice}; nothing was changed"))
}

/// Whether the same may succeed later: the connection, resources, a restart, a lock, a
/// transaction that was in the way of another, or a server that is a standby at the moment.
fn passes(code: &str) -> bool {
    let class = code.get(..2).unwrap_or_default();
    matches!(class, "08" | "53" | "57" | "58" | "40")
        || matches!(code, "55P03" | "55006" | "25P02" | "25P03" | "25P04" | "25006")
}

fn of_connection(error: &Error) -> StoreError {
    let mut message = format!("Postgres: {error}");
    let mut broken = error.is_closed();
    let mut source = error.source();
    while let Some(cause) = source {
        message = format!("{message}: {cause}");
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            // What cannot be encoded, and what TLS refuses, is refused again.
            let lasts =
                matches!(io.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData);
            broken = !lasts;
        }
        source = cause.source();
    }
    let advice = if message.ends_with("password missing") {
        "the server asks for a password: put it in PGPASSFILE or in the URL"
    } else if message.contains("TLS handshake") && !broken {
        "TLS is required to another host, with a certificate that is valid for its name. \
         sslrootcert=FILE in the URL trusts a certificate authority of your own"
    } else if message.contains("authentication error") {
        "the server cannot prove that it knows the password, or asks for it in a way that is not \
         supported"
    } else if broken {
        return unavailable(message);
    } else {
        return other(message);
    };
    StoreError::NotAStore(format!("{message}: {advice}; nothing was changed"))
}
