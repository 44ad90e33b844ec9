// The accounts and what is on them, as the library reads them.

import { byId, el, say } from "./dom.js";
import { grouped } from "./money.js";

export class Accounts {
  #amounts = new Map();

  show(accounts) {
    byId("accounts").replaceChildren(
      ...accounts.map(({ accountId, accountName, accountType, status }) => {
        const amount = el("span", { class: "amount" }, "–");
        this.#amounts.set(accountId, amount);
        const closed = status === "Closed" ? " · closed" : "";
        return el(
          "li",
          {},
          el("span", { class: "account-name" }, accountName),
          el("span", { class: "account-type" }, `${accountType ?? ""}${closed}`),
          amount,
        );
      }),
    );
  }

  /** Reads every balance through the client. */
  async read(client) {
    const ids = [...this.#amounts.keys()];
    await Promise.all(
      ids.map(async (id) => {
        const { availableBalance } = await client.balances.get(id);
        say(this.#amounts.get(id), grouped(availableBalance));
      }),
    );
  }
}
