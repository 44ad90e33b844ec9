//! Who may use the control surface: programs, and the pages that were allowed to.

use http::header::{HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, StatusCode};
use qbank_proto::is_loopback;

use crate::config::{ControlAccess, Origin};
use crate::message::error::ApiError;

/// The origin of the page that asks, if a page asks and may.
pub(super) fn admit<'a>(
    access: &ControlAccess,
    headers: &'a HeaderMap,
) -> Result<Option<&'a HeaderValue>, ApiError> {
    // A transport without a socket has no `Host`; whatever comes over one does.
    for host in headers.get_all(HOST) {
        if !access.any_host && !authority(host).is_some_and(|it| is_loopback(it.host())) {
            return Err(refused(format!(
                "The control surface is used through a loopback address, not as {}: a web page \
                 could lead such a name here. Start the sandbox with --allow-remote to take any \
                 host.",
                quoted(host)
            )));
        }
    }
    let own = headers.get(HOST).and_then(|host| host.to_str().ok());
    let mut origins = headers.get_all(ORIGIN).iter();
    match origins.find(|origin| !is_allowed(access, own, origin)) {
        None => Ok(headers.get(ORIGIN)),
        Some(foreign) => Err(refused(format!(
            "The page of {0} may not use the control surface. Start the sandbox with \
             --allow-origin {0} to let it.",
            quoted(foreign)
        ))),
    }
}

fn is_allowed(access: &ControlAccess, own: Option<&str>, origin: &HeaderValue) -> bool {
    let Some(origin) = origin.to_str().ok().and_then(|text| text.parse::<Origin>().ok()) else {
        return false;
    };
    let own = own.and_then(|host| format!("http://{host}").parse().ok());
    own.as_ref() == Some(&origin) || access.origins.contains(&origin)
}

fn authority(host: &HeaderValue) -> Option<Authority> {
    Authority::try_from(host.as_bytes()).ok().filter(|it| !it.as_str().contains('@'))
}

fn refused(message: String) -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "ERR_SBX_006", message)
}

/// What a stranger sent, in a message: bounded.
fn quoted(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).chars().take(LONGEST_QUOTED).collect()
}

const LONGEST_QUOTED: usize = 200;
