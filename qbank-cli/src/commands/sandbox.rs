//! `qbank sandbox`.

use qbank_sandbox::server::ServerConfig;
use qbank_sandbox::{BankConfig, CLIENT_ID, CLIENT_SECRET, Server, WEBHOOK_SECRET};
use serde::Serialize;

use super::Context;
use crate::args::Sandbox;
use crate::failure::Failure;

/// The sandbox's credentials are public.
#[derive(Serialize)]
struct Listening {
    base_url: String,
    control_url: String,
    client_id: &'static str,
    client_secret: &'static str,
    webhook_secret: &'static str,
}

pub(crate) fn serve(context: &Context<'_>, args: &Sandbox) -> Result<(), Failure> {
    if !args.addr.ip().is_loopback() && !args.allow_remote {
        return Err(Failure::usage(format!(
            "--addr {} can be reached by other machines; add --allow-remote if you mean it",
            args.addr
        )));
    }
    context.interrupts.begin();
    let mut bank = BankConfig {
        seed: args.seed,
        fund: args.fund,
        constant_descriptions: args.constant_descriptions,
        ..BankConfig::default()
    };
    bank.key_lifetime = args.key_lifetime.unwrap_or(bank.key_lifetime);
    bank.control.origins.clone_from(&args.allow_origins);
    let mut config = ServerConfig::from(bank);
    config.allow_remote = args.allow_remote;
    let server = Server::start(args.addr, config)
        .map_err(|error| Failure::usage(format!("cannot listen on {}: {error}", args.addr)))?;
    let base_url = server.base_url();
    let control_url = format!("http://{}/_sandbox", server.addr());
    let text = format!(
        "the sandbox bank listens at {base_url}\n\
         control surface at {control_url}\n\n\
         export QBANK_BASE_URL={base_url}\n\
         export QBANK_CLIENT_ID={CLIENT_ID}\n\
         export QBANK_CLIENT_SECRET={CLIENT_SECRET}\n\
         export QBANK_WEBHOOK_SECRET={WEBHOOK_SECRET}\n\n\
         Ctrl-C ends it."
    );
    context.printer.either(
        &text,
        &Listening {
            base_url,
            control_url,
            client_id: CLIENT_ID,
            client_secret: CLIENT_SECRET,
            webhook_secret: WEBHOOK_SECRET,
        },
    );
    context.interrupts.wait();
    server.stop();
    Ok(())
}
