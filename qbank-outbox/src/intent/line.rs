//! An intent as a line of JSON.

use chrono::DateTime;
use qbank_proto::Error;

use super::{Intent, Kind, Members, Request};

pub(super) fn read(json: &str) -> Result<Intent, Error> {
    let mut line = Members::parse("", json)?;
    let kind: Kind = line.needed("type")?;
    let Some(request) = line.json("request") else {
        return Err(Error::invalid_input("request", "is missing"));
    };
    let mut intent = Intent::new(Request::read(kind, request)?).id(line.text("id")?);
    intent.actor = line.text("actor")?;
    if let Some(namespace) = line.maybe_text("namespace")? {
        intent.namespace = namespace;
    }
    if let Some(moment) = line.maybe_text("not_before")? {
        let rule = "must be a moment such as 2026-01-31T09:00:00Z";
        let moment = DateTime::parse_from_rfc3339(&moment)
            .map_err(|_| Error::invalid_input("not_before", rule))?;
        intent.not_before = Some(moment.to_utc());
    }
    intent.hold = line.flag("hold")?;
    intent.run_id = line.maybe_text("run_id")?;
    intent.replaces = line.maybe_text("replaces")?;
    line.end()?;
    Ok(intent)
}
