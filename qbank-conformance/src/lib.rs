//! x
mod call;
mod catalogue;
mod check;
mod driver;
mod expect;
mod failure;
mod invariants;
mod run;
mod scenario;
mod script;
mod server;

pub use call::{Arguments, Call, OnConflict, Operation, Options, Party, Resume};
pub use catalogue::{CatalogueError, load, rows, scenarios};
pub use driver::{Driver, Outcome, Target};
pub use expect::{Choice, Expect, Overrides, Verdict, Wire};
pub use failure::Failure;
pub use run::{Summary, run, run_all};
pub use scenario::Scenario;
pub use script::{
    Answer, Close, Drip, Grant, Listen, On, Read, Repeat, Reply, Script, Step, Tls, Values,
};
pub use server::{Arrived, Log, Server};
