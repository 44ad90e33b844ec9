// The receiver of webhooks: verifies, believes each event once, and answers 200 or 400.

import { byId, el, onPress, setEnabled } from "./dom.js";
import { grouped } from "./money.js";
import { written } from "./calendar.js";

const MOST_SHOWN = 30;

export class Hooks {
  #bank;
  #verify;
  #seen = new Set();
  #last;

  constructor(bank, verifyWebhook) {
    this.#bank = bank;
    this.#verify = verifyWebhook;
    onPress(byId("redeliver"), () => this.#receive(bank.eventFor(this.#last)));
  }

  /** Takes what the bank has to tell by now. */
  async receiveDue() {
    for (const delivery of this.#bank.due()) await this.#receive(delivery);
  }

  async #receive(delivery) {
    if (!delivery) return;
    this.#last = delivery.paymentId;
    setEnabled(byId("redeliver"), true);
    const { body, headers } = onItsWay(delivery);
    let event;
    try {
      event = await this.#verify(body, headers, this.#bank.webhookSecret);
    } catch (error) {
      delivery.answered(400);
      this.#show("bad", "Refused", `${sentence(error.message)} Nothing in it is believed.`, "400");
      return;
    }
    delivery.answered(200);
    this.#show("good", "Verified", this.#believe(event), "200");
  }

  /** The id inside the signed body tells a repetition; the one in the header changes. */
  #believe(event) {
    if (!event) return "Nothing in it that this page knows.";
    const id = event.eventId;
    const { paymentId, amount, status } = event.data;
    if (this.#seen.has(id))
      return `Payment ${paymentId.slice(0, 8)}…: received before, so nothing is done twice.`;
    this.#seen.add(id);
    return `Payment ${paymentId.slice(0, 8)}… over ${grouped(String(amount))} is ${status}.`;
  }

  #show(mood, outcome, text, answered) {
    byId("hooks").hidden = false;
    byId("hooks-empty").hidden = true;
    const when = el("span", { class: "when" }, written(this.#bank.now));
    const head = el(
      "p",
      { class: "step-head" },
      el("strong", {}, outcome),
      el("span", { class: "token" }, `answered ${answered}`),
      when,
    );
    byId("hooks").prepend(el("li", { "data-mood": mood }, head, el("p", {}, text)));
    if (byId("hooks").children.length > MOST_SHOWN) byId("hooks").lastElementChild.remove();
  }
}

/** What a stranger between the bank and the page may do; once, then the switch goes back. */
function onItsWay({ body, headers }) {
  const choice = document.querySelector("input[name=hook]:checked").value;
  document.querySelector("input[name=hook][value=genuine]").checked = true;
  const plain = Object.fromEntries(headers);
  if (choice === "altered") {
    const text = new TextDecoder().decode(body).replace(/"amount":/, '"amount":9');
    return { body: new TextEncoder().encode(text), headers: plain };
  }
  if (choice === "forged") {
    const guess = crypto.getRandomValues(new Uint8Array(32));
    const hex = Array.from(guess, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return { body, headers: { ...plain, "webhook-signature": hex } };
  }
  return { body, headers: plain };
}

function sentence(text) {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}
