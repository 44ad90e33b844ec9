//! The audit fields of every auditable resource.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::json::Fields;
use crate::types::RequestId;

/// Who touched a resource, when, and by which request (contract: Audit fields).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
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
    /// Nothing of it is essential: what is odd is left out.
    pub(crate) fn read(fields: &Fields<'_>) -> Self {
        Self {
            timestamp: fields.timestamp(&["timestamp"]).unwrap_or_default(),
            actor: fields.string(&["actor"]).unwrap_or_default(),
            request_id: fields.opt_id(&["request_id", "requestId"]),
        }
    }
}
