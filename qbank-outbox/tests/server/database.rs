//! Databases of a server, for the tests.

use std::sync::Arc;

use qbank_outbox::BlockingPostgres;

use super::Server;
use crate::behaviour::Place;

/// A database on the server that the tests share.
pub(crate) struct Database {
    pub(crate) server: Arc<Server>,
    pub(crate) name: String,
}

impl Database {
    /// Without an outbox.
    pub(crate) fn empty() -> Option<Self> {
        let server = Server::shared()?;
        Some(Self { name: server.database(), server })
    }

    pub(crate) fn url(&self) -> String {
        self.server.url("postgres", &self.name)
    }

    pub(crate) fn sql(&self, sql: &str) -> Result<String, String> {
        self.server.psql(&self.name, sql)
    }
}

impl Place for Database {
    type Store = BlockingPostgres;

    fn new() -> Option<Self> {
        let database = Self::empty()?;
        BlockingPostgres::migrate(&database.url()).unwrap();
        Some(database)
    }

    fn store(&self) -> BlockingPostgres {
        BlockingPostgres::connect(&self.url()).unwrap()
    }
}

/// A server of its own, which a test may stop.
pub(crate) struct Own(pub(crate) Server);

impl Place for Own {
    type Store = BlockingPostgres;

    fn new() -> Option<Self> {
        let server = Server::start_new()?;
        BlockingPostgres::migrate(&server.url("postgres", "postgres")).unwrap();
        Some(Self(server))
    }

    fn store(&self) -> BlockingPostgres {
        BlockingPostgres::connect(&self.0.url("postgres", "postgres")).unwrap()
    }
}
