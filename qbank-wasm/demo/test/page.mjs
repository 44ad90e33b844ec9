// Clicks through the built page in a headless Chromium.
//
//   node page.mjs [DIRECTORY FOR SCREENSHOTS]

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

import { tooFaint } from "./contrast.mjs";
import { scenarios } from "./scenarios.mjs";
import { serve } from "./serve.mjs";
import { Visitor } from "./visitor.mjs";

/** WCAG 2, level AA, for text of any size. */
const LEAST_CONTRAST = 4.5;
/** What the web's own measure calls good is 0.1. */
const MOST_SHIFT = 0.05;

const LOOKS = {
  light: { colorScheme: "light" },
  dark: { colorScheme: "dark" },
  tablet: { colorScheme: "light", viewport: { width: 768, height: 1024 } },
  narrow: { colorScheme: "light", viewport: { width: 360, height: 780 } },
  "narrow-dark": { colorScheme: "dark", viewport: { width: 360, height: 780 } },
};

const only = process.env.QBANK_SCENARIO ?? "";
const screenshots = process.argv[2];
const { url, close } = await serve(fileURLToPath(new URL("../dist", import.meta.url)));
// Playwright gives each launch a user-data-dir of its own, and removes it.
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});

let failed = 0;
try {
  for (const [name, scenario] of Object.entries(scenarios)) {
    await run(name, () => visit({}, scenario));
  }
  for (const [name, options] of Object.entries(LOOKS)) {
    await run(`it looks right: ${name}`, () => visit(options, (visitor) => look(visitor, name)));
  }
} finally {
  await browser.close();
  close();
}
process.exitCode = failed > 0 ? 1 : 0;

async function run(name, test) {
  if (!name.includes(only)) return;
  const started = Date.now();
  try {
    await test();
    console.log(`ok    ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name}\n${error.stack}`);
  }
}

async function visit(options, action) {
  const visitor = await Visitor.arrive(browser, url, options);
  await action(visitor);
  await visitor.leave();
}

/** A page with something of everything on it: readable, and as wide as the window. */
async function look(visitor, name) {
  const { page } = visitor;
  await picture(page, name, "1-opened");
  assert.ok(
    (await visitor.shifts()) < MOST_SHIFT,
    `the page moved by ${await visitor.shifts()} while it opened`,
  );

  await visitor.fault("lost");
  await visitor.fault("stale");
  await visitor.pay();
  await picture(page, name, "2-accepted");
  await visitor.settle();
  await page.locator("input[name=hook][value=altered]").check();
  await page.locator("#redeliver").click();
  await page.locator("#hooks li", { hasText: "Refused" }).waitFor();

  await page.locator("#retries").selectOption("0");
  await visitor.fault("refused");
  await visitor.pay();
  await page.locator("summary").click();
  await picture(page, name, "3-unknown");
  await readable(page);

  await page.locator("#amount").fill("1.234");
  await visitor.fault("down");
  await visitor.pay();
  await picture(page, name, "4-never-sent");
  await readable(page);
}

async function readable(page) {
  assert.deepEqual(await page.evaluate(tooFaint, LEAST_CONTRAST), []);
  const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(tooWide <= 0, `the page is ${tooWide} pixels too wide`);
}

async function picture(page, look, moment) {
  if (!screenshots) return;
  await mkdir(screenshots, { recursive: true });
  await page.screenshot({ path: join(screenshots, `${look}-${moment}.png`), fullPage: true });
}
