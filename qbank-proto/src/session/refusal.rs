//! Why there is no token.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{StatusCode, Uri};

use crate::error::{Details, ErrorKind};
use crate::machine::Fault;
use crate::policy::{self, Resend};
use crate::response::{Problem, Redactor};
use crate::types::{BoxError, FaultKind};

/// Why there is no token, shared by all who waited for it.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) kind: ErrorKind,
    pub(super) what: String,
    pub(super) status: Option<StatusCode>,
    pub(super) problem: Problem,
    pub(crate) retry_after: Option<Duration>,
    /// Whether asking again may help.
    pub(crate) again: bool,
    /// Why the token endpoint could not be reached.
    pub(super) fault: Option<FaultKind>,
    /// What to change, where that is known better than from the kind alone.
    pub(super) advice: Option<&'static str>,
    pub(super) source: Option<SharedSource>,
}

/// An error has one owner; a refusal has many readers.
#[derive(Debug, Clone)]
pub(super) struct SharedSource(Arc<BoxError>);

impl fmt::Display for SharedSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for SharedSource {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl Refusal {
    pub(super) fn new(kind: ErrorKind, what: impl Into<String>) -> Self {
        Self {
            kind,
            what: what.into(),
            status: None,
            problem: Problem::default(),
            retry_after: None,
            again: false,
            fault: None,
            advice: None,
            source: None,
        }
    }

    /// The application's supplier failed, with this message of its error.
    pub(super) fn of_supplier(error: BoxError, redacted: &str) -> Arc<Self> {
        let mut refusal = Self::new(
            ErrorKind::Unauthenticated,
            format!("no token: the application's token supplier failed: {redacted}"),
        );
        refusal.source = Some(SharedSource(Arc::new(error)));
        Arc::new(refusal)
    }

    /// The token endpoint could not be reached, or its response broke off.
    pub(crate) fn of_fault(fault: Fault, url: &Uri, secrets: &Redactor) -> Arc<Self> {
        let decision = policy::classify_fault(&fault);
        let source = secrets.bounded(fault.message());
        let host = url.authority().map_or("", |host| host.as_str());
        let mut refusal = Self::new(
            decision.kind,
            format!("no token: {} ({host}): {source}", fault.kind.explain()),
        );
        refusal.status = fault.head.map(|head| head.status);
        refusal.fault = Some(fault.kind);
        refusal.again = decision.resend == Resend::Yes;
        let source = secrets.source(fault.source);
        refusal.source = Some(SharedSource(Arc::new(source)));
        Arc::new(refusal)
    }

    /// What a call reports that did not get its token.
    pub(crate) fn details(&self) -> Details {
        Details {
            status: self.status,
            problem: self.problem.clone(),
            retry_after: self.retry_after,
            token_fault: self.fault,
            advice: self.advice,
            source: self.source.clone().map(|source| Box::new(source) as BoxError),
            ..Details::new(self.what.clone())
        }
    }
}
