//! `qbank token`.

use qbank_proto::CallOptions;
use qbank_proto::{Authenticate, Driver};
use serde::Serialize;

use super::Context;
use crate::client;
use crate::failure::Failure;
use crate::output::{Printer, plain, print};

#[derive(Serialize)]
struct Shown<'a> {
    token_type: &'static str,
    scope: Option<&'a str>,
    expires_in: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token: Option<&'a str>,
}

pub(crate) fn token(context: &Context<'_>, reveal: bool) -> Result<(), Failure> {
    let client = client::connect(context.global, &[])?;
    let jitter = client.driver().jitter();
    let machine = Authenticate::new(client.session(), &CallOptions::new(), jitter);
    let info = context.interrupts.drive(&client, machine)?;
    let scope = info.scope.map(|scope| plain(&client.session().redact(scope)));
    let token = Shown {
        token_type: "Bearer",
        scope: scope.as_deref(),
        expires_in: info.expires_in.map(|time| time.as_secs()),
        access_token: reveal.then(|| info.token.expose()),
    };
    if context.printer.is_table() {
        let expiry = token.expires_in.map_or("not known".to_owned(), |s| format!("in {s} s"));
        let mut text = format!(
            "type     {}\nscope    {}\nexpires  {expiry}",
            token.token_type,
            token.scope.unwrap_or("not stated"),
        );
        if let Some(secret) = token.access_token {
            text.push_str("\ntoken    ");
            text.push_str(secret);
        }
        print(&text);
    } else {
        Printer::result(&token);
    }
    Ok(())
}
