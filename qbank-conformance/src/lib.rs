//! The misbehaving server, and the scenarios as data, for every transport of QBank Connect.
//!
//! ```text
//!   scenarios/*.json ──▶ Scenario { call, server, expect, wire }
//!                              │
//!        Transport::play(target, call)         Server::start(script)
//!          the client under test  ── bytes ──▶  token · api · elsewhere
//!                  │                                  │
//!               Outcome                              Log
//!                  └────────────▶ run ◀───────────────┘
//!                          Ok, or a Failure to read
//! ```
//!
//! A scenario is one behaviour of the client: the call that is made ([`Call`]), what the bank does
//! meanwhile, byte by byte ([`Script`]), what the client has to report ([`Expect`]) and what has to
//! arrive ([`Wire`]). Its `row` names the sentence of the design that it proves. What holds always
//! is checked in every scenario and written in none: all writes of a call carry one key (a bare
//! lower-case UUID v4, the one that the result carries) and the same bytes; every API request has
//! a bearer token and a user agent, and no token goes to the token endpoint; nothing goes to
//! another host; no secret is in a message; a fate of `never_sent` means that the API received no
//! byte.
//!
//! The server listens on three ports of the loopback address: the API, the token endpoint, and
//! another host that a `Location` can point to and that must receive nothing. It does not depend
//! on the client, nor on an HTTP library that could repair what a script breaks.
//!
//! # A scenario
//! ```json
//! {
//!   "name": "conflict_after_reset_is_followed",
//!   "row": "409: followed, or reported",
//!   "call": {"operation": "ach"},
//!   "server": {"api": [
//!     [{"read": "body"}, {"close": "rst"}],
//!     [{"respond": {"status": 409, "headers": {"content-type": "application/problem+json"}, "body_file": "conflict.json"}}],
//!     [{"respond": {"status": 200, "body_file": "ach_processing.json"}}]
//!   ]},
//!   "expect": {"outcome": "ok", "fate": "accepted", "attempts": 2, "followed": true},
//!   "wire": {"api_requests": 3, "writes": 2}
//! }
//! ```
//! The members are those of [`Scenario`] and the types in it, one documented field each. To add
//! one, write it into the file of its group; a new group or body file is also named in
//! `src/catalogue.rs`.
//!
//! # A transport
//! ```
//! use qbank_conformance::{Call, Transport, Outcome, Target, run, scenarios};
//!
//! struct Offline;
//!
//! impl Transport for Offline {
//!     fn name(&self) -> &str {
//!         "blocking"
//!     }
//!     fn play(&self, _: &Target, _: &Call) -> Outcome {
//!         Outcome { fate: "never_sent".into(), ..Outcome::default() }
//!     }
//! }
//!
//! let all = scenarios();
//! let failure = run(&Offline, &all[0]).unwrap_err();
//! assert!(failure.to_string().contains("expected kind transport, not none"));
//! ```
//! A transport's own test is then `assert!(run_all(&transport).failures.is_empty())`; a client in
//! another language is played through a [`CommandTransport`].

pub mod alerts;
mod call;
mod catalogue;
mod check;
#[cfg(feature = "client")]
pub mod client;
mod command;
mod expect;
mod failure;
mod invariants;
mod proxy;
mod run;
mod scenario;
mod script;
mod server;
mod transport;

pub use call::{Arguments, Call, OnConflict, Operation, Options, Party, Resume};
pub use catalogue::{CatalogueError, load, rows, scenarios};
pub use command::CommandTransport;
pub use expect::{Choice, Expect, ExpectedResult, Overrides, Wire};
pub use failure::Failure;
pub use proxy::Proxy;
pub use run::{Summary, run, run_all};
pub use scenario::Scenario;
pub use script::{
    ClientCertificate, Close, Drip, Listen, On, Read, Repeat, Response, Script, Step, Steps, Tls,
    TokenResponse, Values,
};
pub use server::{Log, ReceivedRequest, Server};
pub use transport::{Outcome, Target, Transport};
