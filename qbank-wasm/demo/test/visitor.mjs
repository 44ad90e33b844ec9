// Somebody who uses the page: what they can do, and what they see.

import assert from "node:assert/strict";

const PATIENCE_MS = 20_000;

export class Visitor {
  #context;
  #complaints = [];

  /** Opens the page afresh: a new bank, nothing remembered. */
  static async arrive(browser, url, options = {}) {
    const visitor = new Visitor();
    const context = await browser.newContext({
      viewport: { width: 1280, height: 900 },
      ...options,
    });
    context.setDefaultTimeout(PATIENCE_MS);
    visitor.#context = context;
    const complain = (text) => visitor.#complaints.push(text);
    await context.route("**", (route) => {
      if (route.request().url().startsWith(url)) return route.continue();
      complain(`asked for ${route.request().url()}`);
      return route.abort();
    });
    visitor.page = await context.newPage();
    visitor.page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complain(message.text());
    });
    visitor.page.on("pageerror", (error) => complain(error.message));
    await visitor.page.addInitScript(watchShifts);
    await visitor.page.goto(url);
    await visitor.page.waitForSelector("main[data-ready]");
    return visitor;
  }

  /** Whoever leaves has seen no error, and the books add up. */
  async leave() {
    assert.equal(await this.text("#fact-unchanged"), "unchanged");
    assert.equal(await this.page.getAttribute("#proof", "data-holds"), "true");
    assert.ok(await this.page.locator("#broken").isHidden());
    await this.#context.close();
    assert.deepEqual(this.#complaints, []);
  }

  text(selector) {
    return this.page.locator(selector).innerText();
  }

  texts(selector) {
    return this.page.locator(selector).allInnerTexts();
  }

  fault(id) {
    return this.page.locator(`#fault-${id}`).check();
  }

  async choose(kind) {
    await this.page.locator(`input[name=kind][value=${kind}]`).check({ force: true });
  }

  /** Presses a button and waits until the page is done with it. */
  async press(selector) {
    await this.page.locator(selector).click();
    await this.rest();
  }

  rest() {
    return this.page.waitForSelector("main[aria-busy=false]");
  }

  async pay() {
    await this.press("#send");
    return this.outcome();
  }

  outcome() {
    return this.text("#outcome-title");
  }

  async entries() {
    const rows = await this.page.locator("#entries tr").count();
    assert.equal(await this.text("#fact-entries"), String(rows));
    return rows;
  }

  /** The steps of what was done last: "Attempt 1", "Fetch a token", … */
  steps() {
    return this.page
      .locator(".group:not(.quiet) >> nth=0")
      .locator(".step-head strong")
      .allInnerTexts();
  }

  /** What the client saw, step by step. */
  saw() {
    return this.page
      .locator(".group:not(.quiet) >> nth=0")
      .locator("dl > div:first-child dd")
      .allInnerTexts();
  }

  /** The keys that stand in the timeline, each once. */
  async keys() {
    return [...new Set(await this.texts("#log .key"))];
  }

  /** Lets business days pass until the payment sent last is final: two, late in the day. */
  async settle(final = "Completed") {
    for (let day = 0; day < 4; day += 1) {
      await this.press("[data-to=morning]");
      if ((await this.text("#payments li:first-child .state")) === final) return;
    }
    assert.fail("the payment did not settle");
  }

  /** How much moved by itself, not after something that the visitor did. */
  shifts() {
    return this.page.evaluate(() => globalThis.shifted);
  }
}

function watchShifts() {
  globalThis.shifted = 0;
  new PerformanceObserver((list) => {
    for (const shift of list.getEntries())
      if (!shift.hadRecentInput) globalThis.shifted += shift.value;
  }).observe({ type: "layout-shift", buffered: true });
}
