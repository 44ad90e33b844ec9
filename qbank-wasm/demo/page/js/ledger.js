// The bank's own books, and the proof that they add up.

import { byId, el, say } from "./dom.js";
import { kindName } from "./form.js";
import { keyMark } from "./marks.js";
import { cents, grouped } from "./money.js";

export class LedgerView {
  #bank;
  #opened;

  constructor(bank) {
    this.#bank = bank;
    this.#opened = bank.ledger.total;
    this.show();
  }

  show() {
    const { accounts, entries, total } = this.#bank.ledger;
    const names = new Map(accounts.map(({ accountId, name }) => [accountId, name]));
    byId("entries").replaceChildren(...entries.map((entry) => row(entry, names)).reverse());
    byId("entries-empty").hidden = entries.length > 0;

    byId("sums").replaceChildren(
      ...accounts.map(({ name, balance }) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, name),
          el("td", { class: "number" }, grouped(balance)),
        ),
      ),
    );
    this.#prove(accounts, entries, total);
  }

  /** Added up here, cent by cent, rather than believed. */
  #prove(accounts, entries, total) {
    const sum = accounts.reduce((sum, { balance }) => sum + cents(balance), 0n);
    const keys = new Set(entries.map(({ intentKey }) => intentKey)).size;
    const holds = sum === cents(total) && total === this.#opened && keys === entries.length;
    say(byId("sum"), grouped(total));
    say(byId("fact-total"), grouped(total));
    say(byId("fact-keys"), String(keys));
    say(byId("fact-entries"), String(entries.length));
    say(byId("fact-unchanged"), total === this.#opened ? "unchanged" : "changed!");
    byId("proof").dataset.holds = String(holds);
    const each = `${count(keys, "key")}, ${count(entries.length, "entry", "entries")}`;
    say(
      byId("proof"),
      holds ? `${each}; the sum is what it was when the bank opened.` : "The books do not add up.",
    );
  }
}

function row({ intentKey, kind, amount, from, to, reversalId }, names) {
  const back = reversalId ? ", given back" : "";
  return el(
    "tr",
    {},
    el("td", {}, keyMark(intentKey)),
    el("td", {}, kindName(kind)),
    el("td", {}, `${names.get(from)} → ${names.get(to)}${back}`),
    el("td", { class: "number" }, grouped(amount)),
  );
}

const count = (n, one, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;
