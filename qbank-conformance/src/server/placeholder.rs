//! `{base}` and the like, in headers and in raw text: what is known only at run time.

use std::time::{Duration, SystemTime};

/// What the placeholders stand for.
#[derive(Debug, Clone)]
pub(crate) struct Placeholders {
    /// `{base}`: the API's base URL.
    pub(crate) base: String,
    /// `{elsewhere}`: another host's.
    pub(crate) elsewhere: String,
}

impl Placeholders {
    /// Fills in `{base}`, `{origin}` (the base without its path), `{elsewhere}`, `{http_date}`,
    /// and `{http_date+5}` or `{http_date-5}`: so many seconds from now.
    pub(crate) fn fill(&self, text: &str) -> String {
        let origin = self.base.trim_end_matches("/v1");
        let mut text = text
            .replace("{base}", &self.base)
            .replace("{origin}", origin)
            .replace("{elsewhere}", &self.elsewhere);
        while let Some((before, rest)) = text.split_once("{http_date") {
            let Some((offset, after)) = rest.split_once('}') else {
                break;
            };
            let date = httpdate::fmt_http_date(moved(SystemTime::now(), offset));
            text = format!("{before}{date}{after}");
        }
        text
    }
}

fn moved(now: SystemTime, offset: &str) -> SystemTime {
    let seconds: i64 = offset.parse().unwrap_or(0);
    let by = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { now.checked_sub(by) } else { now.checked_add(by) }.unwrap_or(now)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_placeholder_is_filled_in() {
        let placeholders =
            Placeholders { base: "http://127.0.0.1:1/v1".into(), elsewhere: "http://e".into() };
        assert_eq!(
            placeholders.fill("{base}/x {origin}/y {elsewhere}"),
            "http://127.0.0.1:1/v1/x http://127.0.0.1:1/y http://e"
        );
        let now = httpdate::parse_http_date(&placeholders.fill("{http_date}")).unwrap();
        let then = httpdate::parse_http_date(&placeholders.fill("{http_date+90}")).unwrap();
        assert!(then.duration_since(now).unwrap() >= Duration::from_secs(90));
        assert_eq!(placeholders.fill("{http_date"), "{http_date");
    }
}
