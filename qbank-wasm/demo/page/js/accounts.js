// The accounts and what is on them, as the library reads them.

import { byId, el, say } from "./dom.js";
import { difference, grouped } from "./money.js";

export class Accounts {
  #shown = new Map();

  show(accounts) {
    byId("accounts").replaceChildren(
      ...accounts.map(({ accountId, accountName, accountType, status }) => {
        const closed = status === "Closed" ? " · closed" : "";
        const usual = `${accountType ?? ""}${closed}`;
        const type = el("span", { class: "account-type" }, usual);
        const amount = el("span", { class: "amount" }, "–");
        this.#shown.set(accountId, { amount, type, usual });
        return el(
          "li",
          {},
          el("span", { class: "account-name" }, accountName),
          type,
          amount,
        );
      }),
    );
  }

  /** Reads every balance through the client. */
  async read(client) {
    await Promise.all(
      [...this.#shown].map(async ([id, { amount, type, usual }]) => {
        const { availableBalance, currentBalance } = await client.balances.get(id);
        say(amount, grouped(availableBalance));
        const coming = difference(currentBalance, availableBalance);
        say(type, coming === "0.00" ? usual : `+${grouped(coming)} on its way`);
      }),
    );
  }
}
