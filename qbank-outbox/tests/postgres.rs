//! The store on Postgres. Without a Postgres on this machine nothing is tested, which is said.

#![cfg(feature = "postgres")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set up has failed")]

mod behaviour;
mod server;

use std::sync::Arc;

use behaviour::Place;
use qbank_outbox::BlockingPostgres;
use server::Server;

struct Database {
    server: Arc<Server>,
    name: String,
}

impl Database {
    fn url(&self) -> String {
        self.server.url("postgres", &self.name)
    }

    fn sql(&self, sql: &str) -> Result<String, String> {
        self.server.psql(&self.name, sql)
    }
}

impl Place for Database {
    type Store = BlockingPostgres;

    fn new() -> Option<Self> {
        let server = Server::shared()?;
        let database = Self { name: server.database(), server };
        BlockingPostgres::migrate(&database.url()).unwrap();
        Some(database)
    }

    fn store(&self) -> BlockingPostgres {
        BlockingPostgres::connect(&self.url()).unwrap()
    }
}

behaviours!(Database);
