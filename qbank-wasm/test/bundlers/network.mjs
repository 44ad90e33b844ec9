// That a tool connects to no other machine. Processes of Node are refused such a connection
// (guard.cjs); others go to a proxy that passes nothing on. Both write down who was asked for.
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const guard = fileURLToPath(new URL("guard.cjs", import.meta.url));

export async function network() {
  const folder = mkdtempSync(join(tmpdir(), "qbank-bundlers-"));
  const log = join(folder, "network.log");
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (head) => {
      appendFileSync(log, `${String(head).split("\r\n")[0]}, by the proxy\n`);
      socket.destroy();
    });
  }).listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  const proxy = `http://127.0.0.1:${server.address().port}`;
  return {
    /** All that a tool gets of the environment. */
    env: {
      PATH: process.env.PATH,
      // Empty, and not around the tools: Next takes no folder for its root that has it in it.
      HOME: folder,
      CI: "1",
      NEXT_TELEMETRY_DISABLED: "1",
      NODE_OPTIONS: `--require=${guard}`,
      QBANK_NETWORK_LOG: log,
      HTTP_PROXY: proxy,
      HTTPS_PROXY: proxy,
      NO_PROXY: "127.0.0.1,localhost",
    },
    /** Forgets who was asked for. */
    forget: () => writeFileSync(log, ""),
    asked: () => readFileSync(log, "utf8"),
    close() {
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
