// A copy of the application in a folder of its own, and the ways to run what became of it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { transformSync } from "esbuild";
import { serve } from "../../demo/test/serve.mjs";
import { start } from "../edge/workerd.mjs";
import { TOOLS, script } from "./tools.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const { platform, arch } = process;
const LONGEST_MS = 240_000;

/** Cannot be had here; nothing is said about the package. */
export class Unavailable extends Error {}

export class App {
  #order;
  #env;
  #open;

  /** `open` gives a page of a browser. */
  constructor(name, { order, env, open }) {
    this.#order = order;
    this.#env = env;
    this.#open = open;
    // Below the tools, since packages are searched for from there upwards.
    this.dir = join(TOOLS, "apps", name.replace(/\W+/g, "-"));
    rmSync(this.dir, { recursive: true, force: true });
    cpSync(join(here, name.startsWith("next") ? "next" : "app"), this.dir, { recursive: true });
    cpSync(join(here, "app/pay.js"), join(this.dir, "pay.js"));
  }

  /** Runs Node, and gives the JSON that the last line it prints is, or else all that it prints. */
  node(...args) {
    return this.#run(process.execPath, args);
  }

  /** Runs a script of an installed package. */
  tool(path, ...args) {
    return this.node(script(path), ...args);
  }

  bun(...args) {
    return this.#run(bun(), args);
  }

  deno(...args) {
    return this.#run(deno(), args);
  }

  /** Runs the bundle where no package is. */
  async alone(file, program = process.execPath) {
    const cwd = mkdtempSync(join(tmpdir(), "qbank-bundle-"));
    try {
      cpSync(join(this.dir, "dist"), cwd, { recursive: true });
      return await this.#run(program, [file], cwd);
    } finally {
      rmSync(cwd, { recursive: true, force: true });
    }
  }

  /** Runs a configuration of workerd. */
  async worker(config) {
    const { url, stop } = await start(join(this.dir, config), this.#env);
    try {
      return await this.post(url);
    } finally {
      await stop();
    }
  }

  /** Opens what lies in `dist`, with the application's page if the bundler made none. */
  async page() {
    const dist = join(this.dir, "dist");
    const page = join(dist, "index.html");
    if (!existsSync(page)) cpSync(join(this.dir, "index.html"), page);
    const { url, close } = await serve(dist);
    try {
      return await this.open(url);
    } finally {
      close();
    }
  }

  /** Opens a page in the browser, and gives what it wrote down. */
  async open(url) {
    const page = await this.#open();
    const problems = [];
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
    await page.route("**", (route) => {
      const { protocol, hostname, href } = new URL(route.request().url());
      if (hostname === "127.0.0.1" || protocol === "data:") return route.continue();
      problems.push(`it asks for ${href}`);
      return route.abort();
    });
    try {
      await page.goto(`${url}#${encodeURIComponent(JSON.stringify(this.#order))}`);
      const ended = page.locator("body[data-paid], body[data-failed]");
      await ended.waitFor({ state: "attached", timeout: 60_000 }).catch(() => {});
      const { paid, failed } = await page.evaluate(() => ({ ...document.body.dataset }));
      if (problems.length > 0 || !paid) throw new Error([failed, ...problems].join("\n"));
      return JSON.parse(paid);
    } finally {
      await page.close();
    }
  }

  /** Orders a payment of a server. */
  async post(url) {
    const response = await fetch(url, { method: "POST", body: JSON.stringify(this.#order) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status}: ${text}`);
    return JSON.parse(text);
  }

  /** Runs a server in Node, whose last argument is its port, while `act` does with its address. */
  async serving(args, act) {
    const port = await freePort();
    const server = this.#spawn(process.execPath, [...args, `${port}`]);
    try {
      const url = `http://127.0.0.1:${port}/`;
      await Promise.race([listening(url), server.ended]);
      return await act(url);
    } catch (error) {
      throw new Error(`${error.message}\n${server.printed()}`, { cause: error });
    } finally {
      await server.stop();
    }
  }

  /** Writes modules as compilers make them for `require`, and gives the first one's name. */
  required(...names) {
    const files = names.map((name) => {
      const source = readFileSync(join(this.dir, name), "utf8");
      const { code } = transformSync(source, { format: "cjs" });
      const file = name.replace(/\.m?js$/, ".cjs");
      writeFileSync(join(this.dir, file), code.replaceAll('"./pay.js"', '"./pay.cjs"'));
      return file;
    });
    return files[0];
  }

  /** What the test of a test runner wrote down. */
  written() {
    return JSON.parse(readFileSync(join(this.dir, "paid.json"), "utf8"));
  }

  /** What of the bundle is loaded. */
  size() {
    const dist = join(this.dir, "dist");
    if (!existsSync(dist)) return "not bundled";
    const files = readdirSync(dist, { recursive: true })
      .filter((name) => /\.([cm]?js|wasm)$/.test(name))
      .map((name) => readFileSync(join(dist, name)));
    const sum = (size) => files.map(size).reduce((a, b) => a + b, 0);
    const gzipped = sum((file) => gzipSync(file, { level: 9 }).length);
    return `${sum((file) => file.length)} bytes, ${gzipped} gzipped`;
  }

  async #run(program, args, cwd) {
    const child = this.#spawn(program, args, cwd);
    const late = setTimeout(child.stop, LONGEST_MS);
    try {
      await child.ended;
    } finally {
      clearTimeout(late);
      await child.stop();
    }
    const printed = child.stdout().trim();
    try {
      return JSON.parse(printed.split("\n").at(-1));
    } catch {
      return printed;
    }
  }

  // `ended` fails if the program does.
  #spawn(program, args, cwd = this.dir) {
    const child = spawn(program, args, {
      cwd,
      // A group, so that what it starts ends with it.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...this.#env, QBANK_ORDER: JSON.stringify(this.#order) },
    });
    let stdout = "";
    let printed = "";
    child.stdout.setEncoding("utf8").on("data", (text) => ((stdout += text), (printed += text)));
    child.stderr.setEncoding("utf8").on("data", (text) => (printed += text));
    const closed = new Promise((done) => {
      child.once("close", (code, signal) => done(code ?? signal)).once("error", done);
    });
    const ended = closed.then((code) => {
      if (code !== 0) throw new Error(`${[program, ...args].join(" ")}: ${code}\n${printed}`);
    });
    ended.catch(() => {});
    const stop = async () => {
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // It has ended.
      }
      await closed;
    };
    return { ended, stop, stdout: () => stdout, printed: () => printed };
  }
}

/** bun's program lies in a package for each platform; no script has linked it. */
export const bun = () => native(`@oven/bun-${platform}-${arch.replace("arm64", "aarch64")}/bin/bun`);

const deno = () => native(`@deno/${platform}-${arch}${platform === "linux" ? "-glibc" : ""}/deno`);

function native(path) {
  if (!existsSync(script(path))) throw new Unavailable(`npm has none for ${platform} on ${arch}`);
  return script(path);
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

async function listening(url) {
  for (let tried = 0; tried < 600; tried += 1) {
    const response = await fetch(url).catch(() => undefined);
    await response?.body?.cancel();
    if (response) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error("it does not listen");
}
