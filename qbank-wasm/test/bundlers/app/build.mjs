// The bundlers that are called from JavaScript: `node build.mjs TOOL TASK [PORT]`, in the folder
// of the application.
import { resolve } from "node:path";

const [name, task, port] = process.argv.slice(2);

// webpack and rspack: `node` or `page`.
async function pack(packer) {
  const options = {
    mode: "production",
    target: task === "page" ? "web" : "node",
    entry: resolve(`${task}.js`),
    output: { path: resolve("dist"), filename: task === "page" ? "page.js" : "main.cjs" },
    // The library is larger than what webpack wants a page to load; all else is an error.
    performance: false,
  };
  const stats = await new Promise((done, failed) => {
    packer(options, (error, stats) => (error ? failed(error) : done(stats)));
  });
  if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString("errors-warnings"));
}

async function vite({ build, createServer }) {
  const [kind, bundled] = task.split(":");
  const common = {
    root: process.cwd(),
    configFile: false,
    logLevel: "warn",
    // What a server renders leaves packages to Node, unless it is asked to bundle them.
    ssr: bundled ? { noExternal: true } : {},
  };
  if (kind === "page") await build(common);
  if (kind === "ssr") await build({ ...common, build: { ssr: "node.js" } });
  if (kind === "dev") {
    const server = { host: "127.0.0.1", port: Number(port), strictPort: true };
    await (await createServer({ ...common, server })).listen();
  }
  if (kind === "dev-ssr") {
    const server = { middlewareMode: true, ws: false };
    const vite = await createServer({ ...common, appType: "custom", server });
    const { pay } = await vite.ssrLoadModule("/pay.js");
    console.log(JSON.stringify(await pay(JSON.parse(process.env.QBANK_ORDER))));
    await vite.close();
  }
}

if (name === "webpack") await pack((await import(name)).default);
else if (name === "@rspack/core") await pack((await import(name)).rspack);
else await vite(await import(name));
