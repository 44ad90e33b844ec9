// Preloaded into every Node process of a bundler: only loopback is there. A connection to
// anywhere else is refused, and written down for the test to fail on.
const { appendFileSync } = require("node:fs");
const net = require("node:net");

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|::1|\[::1\])$/;

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...args) {
  // `net.connect` gives its arguments as an array that it has put in order.
  const given = Array.isArray(args[0]) ? args[0] : args;
  const [first, second] = given;
  const { path, host } =
    typeof first === "object" && first !== null
      ? first
      : { path: isNaN(first) ? first : undefined, host: typeof second === "string" ? second : undefined };
  if (path == null && host != null && !LOOPBACK.test(host)) {
    appendFileSync(process.env.QBANK_NETWORK_LOG, `${host} from ${process.argv.slice(0, 3).join(" ")}\n`);
    throw new Error(`the test has no network outside: ${host}`);
  }
  return connect.apply(this, args);
};
