//! The audit fields of every auditable resource.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::json::{DecodeError, Member, Reading};
use crate::types::RequestId;

/// Who touched a resource, when, and by which request.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Audit {
    /// When, to the millisecond.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<DateTime<Utc>>,
    /// The client id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// The request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
}

impl Audit {
    /// From the members of the resource that has them.
    #[inline]
    pub(crate) fn read(
        timestamp: Member<'_>,
        actor: Member<'_>,
        request_id: Member<'_>,
        how: Reading,
    ) -> Result<Self, DecodeError> {
        Ok(Self {
            timestamp: timestamp.moment().by(how, "timestamp")?,
            actor: actor.text().by(how, "actor")?,
            request_id: request_id.id().by(how, "request_id")?,
        })
    }
}
