// What is tried: `of` names the package of npm, `run` builds the application and gives what came of
// its payment. `refused` is a host that a tool asks for, and is refused.
import { bun } from "./app.mjs";
import { script } from "./tools.mjs";

/** A program that runs where no package is. */
const program = (of, file, build, runtime) => ({
  of,
  async run(app) {
    await build(app);
    return app.alone(file, runtime?.());
  },
});

/** A page in a browser. */
const page = (of, build) => ({
  of,
  async run(app) {
    await build(app);
    return app.page();
  },
});

const required = (app) => app.required("node.js", "pay.js");

const plain = {
  "node, import": { of: "node", run: (app) => app.node("node.js") },
  "node, require": { of: "node", run: (app) => app.node(required(app)) },
  "bun, import": { of: "bun", run: (app) => app.bun("node.js") },
  "bun, require": { of: "bun", run: (app) => app.bun(required(app)) },
  "deno, import": { of: "deno", run: (app) => app.deno("run", "--allow-all", "--no-remote", "node.js") },
};

const esbuild = (app, entry, ...options) =>
  app.tool("esbuild/bin/esbuild", entry, "--bundle", "--log-level=warning", ...options);

const ofEsbuild = {
  "esbuild, node, esm": program("esbuild", "main.mjs", (app) =>
    esbuild(app, "node.js", "--platform=node", "--format=esm", "--outfile=dist/main.mjs"),
  ),
  "esbuild, node, cjs": program("esbuild", "main.cjs", (app) =>
    esbuild(app, "node.js", "--platform=node", "--minify", "--outfile=dist/main.cjs"),
  ),
  "esbuild, node, require": program("esbuild", "main.cjs", (app) =>
    esbuild(app, required(app), "--platform=node", "--outfile=dist/main.cjs"),
  ),
  // With a condition of its own, esbuild leaves out `module`.
  "esbuild, node, another condition": program("esbuild", "main.mjs", (app) => {
    const options = ["--platform=node", "--conditions=own", "--format=esm"];
    return esbuild(app, "node.js", ...options, "--outfile=dist/main.mjs");
  }),
  "esbuild, page": page("esbuild", (app) =>
    esbuild(app, "page.js", "--format=esm", "--minify", "--outfile=dist/page.js"),
  ),
  // As wrangler does it: its conditions, and the wasm a module of its own.
  "esbuild, workerd": {
    of: "esbuild",
    async run(app) {
      const options = ["--format=esm", "--conditions=workerd,worker,browser"];
      const wasm = ["--loader:.wasm=copy", "--asset-names=[name]"];
      await esbuild(app, "worker.js", ...options, ...wasm, "--outfile=dist/worker.js");
      return app.worker("worker.capnp");
    },
  },
};

const rollup = (app, entry, ...options) =>
  app.tool("rollup/dist/bin/rollup", entry, "--silent", "--failAfterWarnings", ...options);
const CONDITION_NODE = ["-p", 'node-resolve={exportConditions:["node"]}'];

const ofRollup = {
  "rollup, node": program("rollup", "main.mjs", (app) =>
    rollup(app, "node.js", "-p", "node-resolve", "-o", "dist/main.mjs"),
  ),
  "rollup, node, by its condition": program("rollup", "main.mjs", (app) =>
    rollup(app, "node.js", ...CONDITION_NODE, "-o", "dist/main.mjs"),
  ),
  "rollup, node, require": program("rollup", "main.cjs", (app) => {
    const options = [...CONDITION_NODE, "-p", "commonjs", "-f", "cjs"];
    return rollup(app, required(app), ...options, "-o", "dist/main.cjs");
  }),
  "rollup, page": page("rollup", (app) =>
    rollup(app, "page.js", "-p", "node-resolve", "-o", "dist/page.js"),
  ),
  "rolldown, node": program("rolldown", "main.mjs", (app) =>
    app.tool("rolldown/bin/cli.mjs", "node.js", "--platform=node", "-m", "-o", "dist/main.mjs"),
  ),
};

const ofBun = {
  "bun, bundled for bun": program(
    "bun",
    "main.mjs",
    (app) => app.bun("build", "node.js", "--target=bun", "--outfile=dist/main.mjs"),
    bun,
  ),
  "bun, bundled for node": program("bun", "main.mjs", (app) =>
    app.bun("build", "node.js", "--target=node", "--outfile=dist/main.mjs"),
  ),
  "bun, page": page("bun", (app) =>
    app.bun("build", "page.js", "--target=browser", "--minify", "--outfile=dist/page.js"),
  ),
};

// What is called from JavaScript: app/build.mjs.
const webpack = (name, of) => ({
  [`${name}, node`]: program(of, "main.cjs", (app) => app.node("build.mjs", of, "node")),
  [`${name}, page`]: page(of, (app) => app.node("build.mjs", of, "page")),
});

const vite = (of) => ({
  [`${of}, dev`]: {
    of,
    run: (app) => app.serving(["build.mjs", of, "dev"], (url) => app.open(url)),
  },
  [`${of}, page`]: page(of, (app) => app.node("build.mjs", of, "page")),
  [`${of}, ssr`]: {
    of,
    async run(app) {
      await app.node("build.mjs", of, "ssr");
      return app.node("dist/node.js");
    },
  },
  [`${of}, ssr, bundled`]: program(of, "node.js", (app) => app.node("build.mjs", of, "ssr:bundled")),
  [`${of}, ssr in dev`]: { of, run: (app) => app.node("build.mjs", of, "dev-ssr") },
  [`${of}, ssr in dev, bundled`]: { of, run: (app) => app.node("build.mjs", of, "dev-ssr:bundled") },
});

const tests = (of, run) => ({
  of,
  async run(app) {
    await run(app);
    return app.written();
  },
});

const ofTests = {
  "jest, require": tests("jest", (app) => {
    app.required("pay.test.mjs", "pay.js");
    return app.tool("jest/bin/jest.js", "--config", '{"testMatch":["**/*.test.cjs"]}');
  }),
  "jest, import": tests("jest", (app) => {
    const config = '{"testMatch":["**/*.test.mjs"],"transform":{}}';
    const jest = script("jest/bin/jest.js");
    return app.node("--experimental-vm-modules", jest, "--config", config);
  }),
  vitest: tests("vitest", (app) => app.tool("vitest/vitest.mjs", "run", "--globals")),
};

const NEXT = "next/dist/bin/next";

// Pays by a route on the server, and by a client component, which is rendered there, too.
const nextAt = (app, command) =>
  app.serving([script(NEXT), command, "--hostname", "127.0.0.1", "--port"], async (url) => [
    await app.post(`${url}api/pay`),
    await app.open(url),
  ]);

const next = (bundler) => ({
  of: "next",
  async run(app) {
    const telemetry = await app.tool(NEXT, "telemetry", "status");
    if (!/disabled/i.test(telemetry)) throw new Error(`Next's telemetry: ${telemetry}`);
    await app.tool(NEXT, "build", bundler);
    return nextAt(app, "start");
  },
});

export const CASES = {
  ...plain,
  ...ofEsbuild,
  ...ofRollup,
  ...ofBun,
  ...webpack("webpack", "webpack"),
  ...webpack("rspack", "@rspack/core"),
  ...vite("vite"),
  ...vite("vite7"),
  ...ofTests,
  // It asks npm's registry whether there is a newer one, and has no switch for it.
  "next, dev": { of: "next", refused: "registry.npmjs.org", run: (app) => nextAt(app, "dev") },
  "next, turbopack": next("--turbopack"),
  "next, webpack": next("--webpack"),
};

/** What every CI tries: it needs the `dependencies` of package.json, and none of the others. */
export const SMALL = Object.keys(CASES).filter(
  (name) => /^(node|esbuild|rollup), /.test(name) && !/page|workerd/.test(name),
);
