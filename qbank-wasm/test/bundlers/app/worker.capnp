using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    ( name = "pay", worker = .worker ),
    # The sandbox is on this machine.
    ( name = "internet", network = ( allow = ["private"] ) ),
  ],
  sockets = [ ( name = "http", address = "127.0.0.1:0", http = (), service = "pay" ) ],
);

const worker :Workerd.Worker = (
  modules = [
    ( name = "worker.js", esModule = embed "dist/worker.js" ),
    ( name = "qbank_wasm_bg.wasm", wasm = embed "dist/qbank_wasm_bg.wasm" ),
  ],
  compatibilityDate = "2026-10-01",
);
