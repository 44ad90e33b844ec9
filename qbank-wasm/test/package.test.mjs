// What is published: complete, small in what it needs, and usable where it is installed.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";
import * as here from "@qbank/connect";

const pkg = fileURLToPath(new URL("../pkg/", import.meta.url));
let dir;
let installed;

const npm = (cwd, ...args) =>
  execFileSync(
    "npm",
    [...args, "--offline", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
    {
      cwd,
      encoding: "utf8",
      timeout: 60_000,
      env: {
        ...process.env,
        npm_config_cache: join(dir, "cache"),
        npm_config_update_notifier: "false",
      },
    },
  );

before(() => {
  dir = mkdtempSync(join(tmpdir(), "qbank-package-"));
  const [{ filename }] = JSON.parse(npm(pkg, "pack", "--json", "--pack-destination", dir));
  writeFileSync(join(dir, "package.json"), '{"private":true,"type":"module"}');
  npm(dir, "install", join(dir, filename));
  installed = join(dir, "node_modules", "@qbank", "connect");
});

after(() => dir && rmSync(dir, { recursive: true, force: true }));

const run = (script, ...options) =>
  execFileSync(process.execPath, [...options, "--input-type=module", "-e", script], {
    cwd: dir,
    encoding: "utf8",
    timeout: 30_000,
  });

test("the package installs alone: no dependency, no script", () => {
  assert.deepEqual(
    readdirSync(join(dir, "node_modules")).filter((name) => !name.startsWith(".")),
    ["@qbank"],
  );
  const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  for (const member of [
    "dependencies",
    "peerDependencies",
    "optionalDependencies",
    "scripts",
    "bin",
  ]) {
    assert.equal(manifest[member], undefined, member);
  }
  assert.equal(manifest.type, "module");
  assert.match(manifest.version, /^\d+\.\d+\.\d+/);
  assert.match(manifest.engines.node, /20/);
});

test("every file that the manifest names is there, and none that is no part of it", () => {
  const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  const named = (it) => (typeof it === "string" ? [it] : Object.values(it).flatMap(named));
  const files = [
    manifest.main,
    manifest.module,
    manifest.types,
    ...named(manifest.exports),
  ];
  for (const file of files) assert.ok(existsSync(join(installed, file)), file);
  const there = readdirSync(installed);
  for (const file of ["LICENSE-MIT", "LICENSE-APACHE", "LICENSE-lzma1", "qbank_wasm_bg.wasm"]) {
    assert.ok(there.includes(file), file);
    assert.ok(statSync(join(installed, file)).size > 0, file);
  }
  for (const file of there)
    assert.match(file, /^(LICENSE-\w+|README\.md|package\.json|\w+\.(c?js|c?js\.map|d\.c?ts|wasm))$/);
});

test("a fresh process imports it by its name, and a call is made with it", () => {
  const printed = run(`
    import { QBankConnectClient } from "@qbank/connect";
    const fetch = () => new Response(null, { status: 202, headers: { location: "/v1/payments/0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40" } });
    const client = new QBankConnectClient({ accessToken: "t", fetch });
    const sourceAccountId = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10";
    const destinationAccountId = "7a2d1fab-63b6-4d97-8d20-1b5c8e4f3021";
    console.log((await client.payments.createAch({ sourceAccountId, destinationAccountId, amount: "1.00" })).paymentId);
  `);
  assert.equal(printed.trim(), "0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40");
});

test("it gives exactly what its types declare", () => {
  const types = readFileSync(join(installed, "index.d.ts"), "utf8");
  const declared = [...types.matchAll(/^export declare (?:class|function|const) (\w+)/gm)].map(
    ([, name]) => name,
  );
  assert.deepEqual(Object.keys(here).sort(), declared.sort());
  const there = run(
    'import * as it from "@qbank/connect"; console.log(Object.keys(it).sort().join())',
  );
  assert.equal(there.trim(), Object.keys(here).sort().join());
});

test("its inner modules cannot be imported, its manifest can", () => {
  assert.throws(
    () => run('await import("@qbank/connect/client.js")'),
    /ERR_PACKAGE_PATH_NOT_EXPORTED/,
  );
  assert.throws(
    () => run('await import("@qbank/connect/qbank_wasm.js")'),
    /ERR_PACKAGE_PATH_NOT_EXPORTED/,
  );
  run('await import("@qbank/connect/package.json", { with: { type: "json" } })');
});

test("importing it touches no network, sets no global and prints nothing", () => {
  const printed = run(`
    const before = Object.getOwnPropertyNames(globalThis);
    globalThis.fetch = () => { throw new Error("network"); };
    await import("@qbank/connect");
    console.log(Object.getOwnPropertyNames(globalThis).filter((name) => !before.includes(name)).length);
  `);
  assert.equal(printed.trim(), "0");
});

const scripts = () => readdirSync(installed).filter((name) => /\.c?js$/.test(name));

test("no file waits at top level, as a service worker and `require` need it", () => {
  for (const file of scripts()) {
    execFileSync(process.execPath, ["--check", join(installed, file)]);
    // As CommonJS, where a top-level await is an error.
    transformSync(readFileSync(join(installed, file), "utf8"), { format: "cjs" });
  }
  assert.throws(() => transformSync("await 0", { format: "cjs" }));
});

test("no file loads another one that a bundler would have to find", () => {
  for (const file of ["index.js", "index.cjs"]) {
    const text = readFileSync(join(installed, file), "utf8");
    assert.doesNotMatch(text, /import\.meta|\.wasm"|require\("node:|from"node:/, file);
  }
});

test("`require` works, and gives the same classes as `import`", () => {
  const script = `
    import { createRequire } from "node:module";
    import * as imported from "@qbank/connect";
    const required = createRequire(import.meta.url)("@qbank/connect");
    const names = Object.keys(imported);
    console.log(names.length > 0 && names.length === Object.keys(required).length &&
      names.every((name) => imported[name] === required[name]));
  `;
  assert.equal(run(script).trim(), "true");
  const cjs = 'const { verifyWebhook } = require("@qbank/connect"); console.log(typeof verifyWebhook)';
  const printed = execFileSync(process.execPath, ["--input-type=commonjs", "-e", cjs], { cwd: dir });
  assert.equal(printed.toString().trim(), "function");
});

test("each condition gives its file, whatever it stands beside", () => {
  const resolved = (kind, ...conditions) => {
    const script = `
      import { createRequire } from "node:module";
      const by = { import: import.meta.resolve, require: createRequire(import.meta.url).resolve };
      console.log(by.${kind}("@qbank/connect"));
    `;
    const printed = run(script, ...conditions.flatMap((one) => ["-C", one]));
    return printed.trim().split("/").at(-1);
  };
  assert.equal(resolved("import"), "node.js");
  assert.equal(resolved("require"), "index.cjs");
  for (const kind of ["import", "require"]) {
    // Of a bundler: one copy of the classes, in ES modules, whoever imports or requires it.
    assert.equal(resolved(kind, "module"), "index.js");
    assert.equal(resolved(kind, "module", "browser"), "index.js");
    assert.equal(resolved(kind, "workerd"), "edge.js");
    assert.equal(resolved(kind, "workerd", "module"), "edge.js");
  }
});

test("what browsers and bundlers get works in Node, too", async () => {
  const { verifyWebhook, WebhookVerificationError } = await import(join(installed, "index.js"));
  assert.throws(
    () => verifyWebhook("{}", { "webhook-signature": "00" }, "secret"),
    WebhookVerificationError,
  );
});

test("source maps ship with their sources", () => {
  for (const file of scripts().filter((name) => name !== "node.js")) {
    const text = readFileSync(join(installed, file), "utf8");
    assert.ok(text.trimEnd().endsWith(`//# sourceMappingURL=${file}.map`), file);
    const map = JSON.parse(readFileSync(join(installed, `${file}.map`), "utf8"));
    const client = map.sources.findIndex((name) => name.endsWith("js/client.js"));
    assert.match(map.sourcesContent[client], /class QBankConnectClient/);
  }
});

test("edge workers get the module that the platform compiled", () => {
  const edge = readFileSync(join(installed, "edge.js"), "utf8");
  assert.match(edge, /import \w+ from"\.\/qbank_wasm_bg\.wasm"/);
  assert.doesNotMatch(edge, /node:|WebAssembly\.compile/);
});

test("no file of it tells of the machine that built it", () => {
  for (const file of readdirSync(installed)) {
    const bytes = readFileSync(join(installed, file), "latin1");
    assert.doesNotMatch(bytes, /\/(root|home\/\w+|tmp|work)\//, file);
  }
});
