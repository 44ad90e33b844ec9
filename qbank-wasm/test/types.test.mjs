// The types that ship: for what they allow, what they refuse, and where they are used.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL("..", import.meta.url));
const tsc = (...args) => {
  const program = join(here, "node_modules", ".bin", "tsc");
  const ran = spawnSync(program, args, { cwd: here, encoding: "utf8", timeout: 60_000 });
  assert.equal(ran.error, undefined);
  return ran;
};

test("a sample that uses every method, option and type compiles, and its misuses do not", () => {
  const { status, stdout } = tsc("-p", "test/types");
  assert.equal(status, 0, stdout);
});

test("the types stand alone in Node, in a browser and behind a bundler", () => {
  // Below the package, where its name resolves.
  const dir = mkdtempSync(join(here, "test", "types-"));
  try {
    const file = join(dir, "use.mts");
    writeFileSync(
      file,
      `import { QBankConnectClient, verifyWebhook } from "@qbank/connect";
       const client = new QBankConnectClient({ accessToken: "t" });
       export const balance: Promise<string | undefined> =
         client.balances.get("x", { signal: AbortSignal.timeout(5) }).then((it) => it.availableBalance);
       export const event = verifyWebhook("{}", new Headers(), "s");
       // @ts-expect-error it is a text
       export const wrong: number = event?.data.amount;\n`,
    );
    const common = ["--strict", "--noEmit", "--target", "ES2022", file];
    for (const [what, ...options] of [
      ["Node", "--module", "NodeNext", "--lib", "ES2022", "--types", "node"],
      ["a browser", "--module", "NodeNext", "--lib", "ES2022,DOM,DOM.Iterable"],
      ["a bundler", "--module", "ESNext", "--moduleResolution", "bundler", "--lib", "ES2022,DOM"],
      [
        "exact options",
        "--module",
        "NodeNext",
        "--lib",
        "ES2022,DOM",
        "--exactOptionalPropertyTypes",
      ],
    ]) {
      const { status, stdout } = tsc(...common, ...options);
      assert.equal(status, 0, `${what}: ${stdout}`);
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
