// The bundlers of package-lock.json, in a folder of their own, with the package beside them.
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const pkg = join(here, "../../pkg");

/** In the build folder, so that nothing of theirs lies in the source tree. */
export const TOOLS = join(here, "../../../target/bundlers");

/** Where a file of an installed package lies. */
export const script = (path) => join(TOOLS, "node_modules", path);

/** Installs them, unless that is done, and the package as npm packs it. No script runs. */
export function install(small) {
  mkdirSync(TOOLS, { recursive: true });
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const npm = (cwd, ...args) =>
    execFileSync("npm", [...args, ...quiet], { cwd, stdio: ["ignore", "pipe", "inherit"] });

  const lock = readFileSync(join(here, "package-lock.json"), "utf8");
  const installed = script(".installed");
  const there = existsSync(installed) ? readFileSync(installed, "utf8") : "";
  if (there !== `all\n${lock}` && !(small && there === `small\n${lock}`)) {
    for (const name of ["package.json", "package-lock.json"]) {
      copyFileSync(join(here, name), join(TOOLS, name));
    }
    npm(TOOLS, "ci", ...(small ? ["--omit=dev"] : []));
    writeFileSync(installed, `${small ? "small" : "all"}\n${lock}`);
  }

  const [{ filename }] = JSON.parse(npm(pkg, "pack", "--json", "--pack-destination", TOOLS));
  const into = script("@qbank/connect");
  rmSync(into, { recursive: true, force: true });
  mkdirSync(into, { recursive: true });
  execFileSync("tar", ["-xzf", join(TOOLS, filename), "--strip-components=1", "-C", into]);
}

/** Name and version of an installed package, or Node's. */
export function version(name) {
  if (name === "node") return `node ${process.versions.node}`;
  const manifest = JSON.parse(readFileSync(script(join(name, "package.json")), "utf8"));
  return `${manifest.name} ${manifest.version}`;
}
