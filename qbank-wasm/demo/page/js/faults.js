// The switches: what will go wrong, given to the bank just before a payment is sent.

import { byId, el } from "./dom.js";

const FAULTS = [
  {
    id: "lost",
    name: "Lose the answer",
    what: "The bank does it; its answer never arrives.",
    order: { kind: "drop_after_commit" },
  },
  {
    id: "refused",
    name: "Close the line",
    what: "The bank never reads the request.",
    order: { kind: "refuse" },
  },
  {
    id: "down",
    name: "503 maintenance",
    what: "“Try again in a second.” Nothing is done.",
    order: { kind: "status", status: 503, retry_after: 1 },
  },
  {
    id: "busy",
    name: "429 too busy",
    what: "Refused for a second.",
    order: { kind: "status", status: 429, retry_after: 1 },
  },
  {
    id: "stale",
    name: "Stale token",
    what: "The bank no longer knows the token.",
    order: { kind: "revoke_token" },
  },
  {
    id: "flight",
    name: "409 in flight",
    what: "The key is in use by another request.",
    order: { kind: "in_flight" },
  },
  {
    id: "late",
    name: "Answer too late",
    what: "Done, but the answer takes six seconds.",
    order: { kind: "delay", ms: 6000 },
  },
  {
    id: "cut",
    name: "Cut it off",
    what: "Done, but half of the answer is missing.",
    order: { kind: "truncate" },
  },
  {
    id: "garbage",
    name: "Garbled answer",
    what: "Done, but the body cannot be read.",
    order: { kind: "garbage" },
  },
  {
    id: "proxy",
    name: "A proxy’s page",
    what: "Done, but a web page comes back.",
    order: { kind: "html" },
  },
];

export class Faults {
  #bank;
  #switches;
  /** Those that the bank was given, in the order in which they strike. */
  #armed = [];

  constructor(bank) {
    this.#bank = bank;
    this.#switches = new Map(FAULTS.map((fault) => [fault.id, toggle(fault)]));
    byId("faults").append(...[...this.#switches.values()].map(({ item }) => item));
  }

  /** Orders what is switched on, for requests to this path. */
  arm(path) {
    const times = Number(byId("times").value);
    this.#bank.control("DELETE", "/faults");
    this.#armed = FAULTS.filter(({ id }) => this.#switches.get(id).input.checked);
    for (const { order } of this.#armed) {
      this.#bank.control("POST", "/faults", { method: "POST", path, times, ...order });
    }
  }

  /** The switches whose faults have all struck turn themselves off. */
  settle() {
    const left = this.#bank.control("GET", "/faults").length;
    const struck = this.#armed.slice(0, this.#armed.length - left);
    for (const { id } of struck) this.#switches.get(id).input.checked = false;
    this.#armed = this.#armed.slice(struck.length);
  }

  /** Nothing may befall what the page does by itself. */
  disarm() {
    this.settle();
    this.#bank.control("DELETE", "/faults");
    this.#armed = [];
  }
}

function toggle({ id, name, what }) {
  const input = el("input", {
    type: "checkbox",
    role: "switch",
    id: `fault-${id}`,
    "aria-describedby": `fault-${id}-what`,
  });
  const words = el(
    "span",
    { class: "switch-words" },
    el("span", { class: "switch-name" }, name),
    el("span", { class: "switch-what", id: `fault-${id}-what`, "aria-hidden": "true" }, what),
  );
  return { input, item: el("li", {}, el("label", { class: "switch" }, input, words)) };
}
