# workerd serve config.capnp
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    ( name = "webhooks", worker = .worker ),
    # Where events are forwarded to may be this machine.
    ( name = "internet", network = ( allow = ["public", "private"] ) ),
  ],
  sockets = [ ( name = "http", address = "127.0.0.1:8787", http = (), service = "webhooks" ) ],
);

const worker :Workerd.Worker = (
  modules = [
    ( name = "worker.js", esModule = embed "worker.js" ),
    ( name = "@qbank/connect", esModule = embed "../pkg/edge.js" ),
    ( name = "@qbank/qbank_wasm_bg.wasm", wasm = embed "../pkg/qbank_wasm_bg.wasm" ),
  ],
  compatibilityDate = "2026-10-01",
  bindings = [
    ( name = "WEBHOOK_SECRET", fromEnvironment = "WEBHOOK_SECRET" ),
    ( name = "FORWARD_TO", fromEnvironment = "FORWARD_TO" ),
  ],
);
