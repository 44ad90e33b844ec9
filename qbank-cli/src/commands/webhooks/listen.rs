//! `qbank webhooks listen`.

use std::net::TcpListener;
use std::thread;

use tokio::runtime::Builder;
use tokio::sync::oneshot;

use super::verify::verifier;
use crate::args::Listen;
use crate::commands::{Context, outbox};
use crate::failure::Failure;
use crate::output::Printer;
use crate::receiver::{self, Receiver};

/// Until a signal arrives; requests in flight then still get their response.
pub(crate) fn listen(context: &Context<'_>, args: &Listen) -> Result<(), Failure> {
    let verifier = verifier(args.scheme)?;
    let cannot = |error| Failure::usage(format!("cannot listen on {}: {error}", args.addr));
    let listener = TcpListener::bind(args.addr).map_err(cannot)?;
    listener.set_nonblocking(true).map_err(cannot)?;
    let addr = listener.local_addr().map_err(cannot)?;
    let local = |error| Failure::Local(format!("cannot receive: {error}"));
    let runtime = Builder::new_current_thread().enable_all().build().map_err(local)?;
    let keep = args.store.as_deref().map(outbox::keep).transpose()?;
    let receiver = Receiver::new(verifier, args.forward_to.clone(), keep);

    context.interrupts.begin();
    Printer::listening(format!("http://{addr}/"));
    if !addr.ip().is_loopback() {
        context.printer.warning(&format!(
            "--addr {addr} can be reached by other machines: whoever reaches it can send \
             deliveries, without TLS; only those with a valid signature are taken"
        ));
    }
    let (stop, stopped) = oneshot::channel();
    let served = thread::Builder::new()
        .spawn(move || runtime.block_on(receiver::serve(listener, receiver, stopped)))
        .map_err(local)?;
    context.interrupts.wait();
    // It may have stopped by itself; its result says why.
    let _ = stop.send(());
    match served.join() {
        Ok(result) => result.map_err(local),
        Err(_) => Err(Failure::Local("the receiver panicked".to_owned())),
    }
}
