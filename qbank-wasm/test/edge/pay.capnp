# For the test beside it.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    ( name = "pay", worker = .worker ),
    ( name = "internet", network = ( allow = ["public", "private"] ) ),
  ],
  sockets = [ ( name = "http", address = "127.0.0.1:8787", http = (), service = "pay" ) ],
);

const worker :Workerd.Worker = (
  modules = [
    ( name = "pay.js", esModule = embed "pay.js" ),
    ( name = "@qbank/connect", esModule = embed "../../pkg/edge.js" ),
    ( name = "@qbank/qbank_wasm_bg.wasm", wasm = embed "../../pkg/qbank_wasm_bg.wasm" ),
  ],
  compatibilityDate = "2026-10-01",
  bindings = [
    ( name = "BANK", fromEnvironment = "BANK" ),
  ],
);
