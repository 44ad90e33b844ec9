//! Which store, and what is wrong with it.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use qbank_outbox::{BlockingPostgres, Postgres, Sqlite, Store};
use qbank_proto::Secret;
use qbank_proto::webhook::Event;

use crate::failure::Failure;
use crate::input;
use crate::receiver::Keep;

/// Where a store is.
pub(crate) enum Place {
    Sqlite(PathBuf),
    /// Its URL, which may have a password in it.
    Postgres(Secret),
}

impl Place {
    /// By the option, or else the variable, which may have a password in it.
    pub(crate) fn of(option: Option<&str>) -> Result<Self, Failure> {
        let given = match option {
            Some(given) => Some(given.to_owned()),
            None => input::text("QBANK_STORE")?,
        };
        let rule =
            "give --store or QBANK_STORE, such as sqlite:outbox.db or postgres://host/database";
        let Some(given) = given else { return Err(Failure::usage(format!("no store: {rule}"))) };
        if given.starts_with("postgres://") || given.starts_with("postgresql://") {
            if option.is_some() && has_password(&given) {
                let rule = "a password in --store shows in the list of processes: give the URL in QBANK_STORE, or the password in PGPASSFILE";
                return Err(Failure::usage(rule));
            }
            return Ok(Self::Postgres(Secret::new(given)));
        }
        match given.strip_prefix("sqlite:") {
            Some(path) if !path.is_empty() => Ok(Self::Sqlite(path.into())),
            _ => Err(Failure::usage(format!("this is no store: {rule}"))),
        }
    }

    /// What `migrate` does, as SQL.
    pub(super) fn schema(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => Sqlite::SCHEMA,
            Self::Postgres(_) => Postgres::SCHEMA,
        }
    }

    pub(crate) fn open(&self) -> Result<Box<dyn Store + Send>, Failure> {
        Ok(match self {
            Self::Sqlite(path) => Box::new(Sqlite::open(path)?),
            Self::Postgres(url) => Box::new(BlockingPostgres::connect(url.expose())?),
        })
    }

    pub(super) fn migrate(&self) -> Result<Box<dyn Store + Send>, Failure> {
        Ok(match self {
            Self::Sqlite(path) => Box::new(Sqlite::migrate(path)?),
            Self::Postgres(url) => Box::new(BlockingPostgres::migrate(url.expose())?),
        })
    }
}

fn has_password(url: &str) -> bool {
    let authority = url.split("://").nth(1).and_then(|rest| rest.split('/').next());
    let user = authority.and_then(|authority| authority.rsplit_once('@'));
    user.is_some_and(|(user, _)| user.contains(':')) || url.contains("password=")
}

/// Writes genuine events down in a store.
pub(crate) fn keep(store: &str) -> Result<Box<Keep>, Failure> {
    let store = Mutex::new(Place::of(Some(store))?.open()?);
    Ok(Box::new(move |event: &Event| {
        let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
        let applied = store.apply_webhook(event);
        applied.map(drop).map_err(|error| error.to_string())
    }))
}
