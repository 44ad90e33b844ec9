// What a visitor does, and what must come of it. Each starts with a new bank.

import assert from "node:assert/strict";

export const scenarios = {
  async "a lost answer is found again under the same key"(visitor) {
    await visitor.fault("lost");
    assert.equal(await visitor.pay(), "Accepted");
    assert.deepEqual(await visitor.steps(), ["Attempt 1", "Attempt 2", "Ask for the payment"]);
    assert.deepEqual(await visitor.saw(), [
      "the connection closed, no answer",
      "409 Already in process",
      "200 OK",
    ]);
    assert.equal((await visitor.keys()).length, 1);
    assert.equal(await visitor.entries(), 1);
    assert.equal(await visitor.page.locator("#fault-lost").isChecked(), false);
    assert.deepEqual(await visitor.texts("#accounts .amount"), [
      "249,987.50",
      "40,000.00",
      "1,000,000.00",
      "75,500.25",
      "0.00",
    ]);
    const payee = "#accounts li:nth-child(2) .account-type";
    assert.equal(await visitor.text(payee), "+12.50 on its way");
  },

  async "a stale token is replaced once"(visitor) {
    await visitor.fault("stale");
    assert.equal(await visitor.pay(), "Accepted");
    assert.deepEqual(await visitor.steps(), ["Attempt 1", "Fetch a token", "Attempt 2"]);
    assert.deepEqual(await visitor.saw(), ["401 Token not valid", "200 OK", "202 Accepted"]);
    assert.equal(await visitor.entries(), 1);
  },

  async "a key in flight is in progress, and can be asked for"(visitor) {
    await visitor.fault("flight");
    assert.equal(await visitor.pay(), "In progress");
    assert.deepEqual(await visitor.saw(), ["409 Already in process"]);
    await visitor.press("#ask");
    assert.equal(await visitor.outcome(), "Accepted");
    assert.equal(await visitor.entries(), 1);
  },

  async "maintenance is waited out"(visitor) {
    await visitor.fault("down");
    assert.equal(await visitor.pay(), "Accepted");
    assert.deepEqual(await visitor.saw(), ["503 Maintenance", "202 Accepted"]);
    assert.equal(await visitor.entries(), 1);
  },

  async "what stays unknown is sent again under its key"(visitor) {
    await visitor.fault("lost");
    await visitor.page.locator("#times").selectOption("3");
    assert.equal(await visitor.pay(), "Unknown");
    assert.equal((await visitor.steps()).length, 3);
    assert.equal(await visitor.entries(), 1);
    await visitor.press("#again");
    assert.equal(await visitor.outcome(), "Accepted");
    assert.equal((await visitor.keys()).length, 1);
    assert.equal(await visitor.entries(), 1);
  },

  async "an accepted payment that is sent again moves nothing more"(visitor) {
    assert.equal(await visitor.pay(), "Accepted");
    await visitor.press("#again");
    assert.equal(await visitor.outcome(), "Accepted");
    assert.equal(await visitor.entries(), 1);
    assert.equal(await visitor.pay(), "Accepted");
    assert.equal((await visitor.keys()).length, 2);
    assert.equal(await visitor.entries(), 2);
  },

  async "what never arrived moves when it is sent again"(visitor) {
    await visitor.fault("refused");
    await visitor.page.locator("#retries").selectOption("0");
    assert.equal(await visitor.pay(), "Unknown");
    assert.equal(await visitor.entries(), 0);
    await visitor.press("#again");
    assert.equal(await visitor.outcome(), "Accepted");
    assert.equal(await visitor.entries(), 1);
  },

  async "a payment in doubt can be sent again after others were sent"(visitor) {
    await visitor.fault("lost");
    await visitor.page.locator("#retries").selectOption("0");
    assert.equal(await visitor.pay(), "Unknown");
    assert.equal(await visitor.pay(), "Accepted");
    await visitor.press("#payments button");
    assert.equal(await visitor.outcome(), "Accepted");
    assert.equal(await visitor.page.locator("#payments button[aria-disabled=false]").count(), 0);
    assert.equal((await visitor.keys()).length, 2);
    assert.equal(await visitor.entries(), 2);
  },

  async "several troubles strike one after the other"(visitor) {
    await visitor.fault("refused");
    await visitor.fault("lost");
    assert.equal(await visitor.pay(), "Accepted");
    assert.equal((await visitor.steps()).filter((step) => step.startsWith("Attempt")).length, 3);
    assert.equal(await visitor.entries(), 1);
  },

  async "whatever spoils the answer, the money moves once"(visitor) {
    const faults = ["busy", "cut", "garbage", "proxy", "late"];
    for (const [at, fault] of faults.entries()) {
      await visitor.fault(fault);
      assert.equal(await visitor.pay(), "Accepted", fault);
      assert.equal(await visitor.entries(), at + 1, fault);
    }
  },

  async "a person who stops waiting reads the truth"(visitor) {
    await visitor.fault("late");
    await visitor.page.locator("#send").click();
    await visitor.page.locator(".step dd", { hasText: "moved the money" }).waitFor();
    await visitor.press("#stop");
    assert.equal(await visitor.outcome(), "Unknown");
    assert.match(await visitor.text("#outcome-text"), /stopped waiting/);
    await visitor.press("#again");
    assert.equal(await visitor.outcome(), "Accepted");
    assert.equal(await visitor.entries(), 1);
  },

  async "wires and transfers are final at once"(visitor) {
    for (const [at, kind] of ["wire", "transfer"].entries()) {
      await visitor.choose(kind);
      assert.equal(await visitor.pay(), "Accepted", kind);
      assert.equal(await visitor.text("#payments li:first-child .state"), "Completed", kind);
      assert.equal(await visitor.entries(), at + 1);
    }
  },

  async "what the page reads by itself can be seen"(visitor) {
    assert.ok(await visitor.page.locator(".quiet").first().isHidden());
    await visitor.page.locator("#show-reads").check();
    const steps = await visitor.texts(".quiet .step-head strong");
    assert.deepEqual(steps.slice(0, 3), ["Fetch a token", "List the accounts", "Read a balance"]);
    assert.equal(await visitor.entries(), 0);
  },

  async "a refused payment moves nothing"(visitor) {
    await visitor.page.locator("#amount").fill("99999999");
    assert.equal(await visitor.pay(), "Refused");
    assert.equal(await visitor.entries(), 0);
  },

  async "the library's own words stand at the field"(visitor) {
    const wrong = async (id, words) => {
      assert.equal(await visitor.pay(), "Never sent");
      assert.match(await visitor.text(`#${id}-error`), words);
      assert.equal(await visitor.page.getAttribute(`#${id}`, "aria-invalid"), "true");
      assert.equal(await visitor.page.evaluate(() => document.activeElement.id), id);
    };
    for (const [amount, words] of [
      ["1.234", /^Must have at most two decimals$/],
      ["0", /more than zero/],
      ["", /number/],
    ]) {
      await visitor.page.locator("#amount").fill(amount);
      await wrong("amount", words);
    }
    await visitor.page.locator("#amount").fill("5");
    assert.equal(await visitor.text("#amount-error"), "");
    await visitor.choose("wire");
    await visitor.page.locator("#bank-id").fill("123456789");
    await wrong("bank-id", /./);
    await visitor.page.locator("#bank-id").fill("021000021");
    await visitor.page.locator("#reference").fill("");
    await wrong("reference", /empty|missing/i);
    await visitor.choose("transfer");
    await visitor.page.locator("#to").selectOption({ index: 0 });
    await wrong("to", /from/i);
    assert.equal(await visitor.entries(), 0);
    assert.deepEqual(await visitor.keys(), []);
  },

  async "time takes a payment to its end"(visitor) {
    await visitor.pay();
    await visitor.press("[data-to=quarter]");
    assert.equal(await visitor.text("#payments .state"), "In the batch file");
    await visitor.settle();
    assert.equal((await visitor.texts("#accounts .amount"))[1], "40,012.50");
    assert.equal(await visitor.page.locator("#payments .dots .reached").count(), 5);
    await visitor.press("[data-to=evening]");
    await visitor.press("[data-to=monday]");
    assert.match(await visitor.text("#fact-clock"), /^Mon .* 09:0\d UTC$/);
  },

  async "a payment that fails at the end gives the money back"(visitor) {
    await visitor.page.locator("#reference").fill("SBX-CORE-FUNDS");
    assert.equal(await visitor.pay(), "Accepted");
    await visitor.settle("Failed");
    assert.equal((await visitor.texts("#accounts .amount"))[0], "250,000.00");
    assert.match(await visitor.text("#entries tr"), /given back/);
    await visitor.press("#ask");
    assert.equal(await visitor.outcome(), "Refused");
  },

  async "a genuine webhook is believed once, a forged one never"(visitor) {
    await visitor.pay();
    await visitor.settle();
    const latest = visitor.page.locator("#hooks li:first-child");
    const again = async (choice, count) => {
      await visitor.page.locator(`input[name=hook][value=${choice}]`).check();
      await visitor.page.locator("#redeliver").click();
      await visitor.page.waitForFunction(
        (n) => document.querySelectorAll("#hooks li").length === n,
        count,
      );
      return latest.innerText();
    };
    await latest.waitFor();
    assert.match(await latest.innerText(), /Verified[^]*answered 200[^]*12\.50 is P_COMPLETED/);
    assert.match(await again("altered", 2), /Refused[^]*answered 400/);
    assert.match(await again("forged", 3), /Refused[^]*answered 400/);
    assert.match(await again("genuine", 4), /Verified[^]*received before/);
    assert.equal(await visitor.entries(), 1);
  },

  async "a keyboard is enough"(visitor) {
    const { keyboard } = visitor.page;
    const focused = () =>
      visitor.page.evaluate(() => document.activeElement.id || document.activeElement.textContent);
    const tabTo = async (id) => {
      for (let presses = 0; presses < 60; presses += 1) {
        if ((await focused()) === id) {
          await assertVisibleFocus(visitor.page);
          return;
        }
        await keyboard.press("Tab");
      }
      assert.fail(`Tab does not lead to ${id}`);
    };
    await keyboard.press("Tab");
    assert.equal(await focused(), "Skip to the payment form");
    await keyboard.press("Enter");
    await tabTo("amount");
    await keyboard.press("Control+A");
    await keyboard.type("30.25");
    await tabTo("fault-lost");
    await keyboard.press("Space");
    await tabTo("retries");
    await keyboard.press("End");
    await tabTo("send");
    await keyboard.press("Enter");
    await visitor.rest();
    assert.equal(await visitor.outcome(), "Unknown");
    await tabTo("again");
    await keyboard.press("Enter");
    await visitor.rest();
    assert.equal(await visitor.outcome(), "Accepted");
    await tabTo("log");
    assert.equal(await visitor.entries(), 1);
    assert.match(await visitor.text("#entries"), /30\.25/);
  },
};

async function assertVisibleFocus(page) {
  const style = await page.evaluate(() => {
    const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
    return `${outlineStyle} ${outlineWidth}`;
  });
  assert.equal(style, "solid 3px");
}
