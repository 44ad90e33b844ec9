// Starts workerd on a free port of the loopback address, and stops it.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const { default: program } = createRequire(import.meta.url)("workerd");

export async function start(config, env) {
  const child = spawn(
    program,
    ["serve", config, "--socket-addr", "http=127.0.0.1:0", "--control-fd", "3"],
    { env: { ...process.env, ...env }, stdio: ["ignore", "inherit", "inherit", "pipe"] },
  );
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const port = await new Promise((resolve, reject) => {
    createInterface(child.stdio[3]).on("line", (line) => {
      const event = JSON.parse(line);
      if (event.event === "listen") resolve(event.port);
    });
    ended.then((code) => reject(new Error(`workerd ended with ${code}`)));
    setTimeout(() => reject(new Error("workerd does not start")), 20_000).unref();
  });
  return {
    url: `http://127.0.0.1:${port}/`,
    async stop() {
      child.kill();
      await ended;
    },
  };
}
