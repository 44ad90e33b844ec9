// The timeline: every request, grouped by what it was for, newest group first.

import { byId, el, say } from "./dom.js";
import { keyMark } from "./marks.js";
import { bankDid, clientSaw, mood, whatItIs } from "./words.js";

const MOST_GROUPS = 24;

export class Log {
  #list = byId("log");
  #group;
  #rows = new WeakMap();

  constructor() {
    const reads = byId("show-reads");
    reads.addEventListener("change", () =>
      this.#list.classList.toggle("with-reads", reads.checked),
    );
  }

  /** What the requests that follow are for. `quiet`: the page's own doing. */
  begin(title, { quiet = false } = {}) {
    const steps = el("ol", { class: "steps" });
    const section = el(
      "section",
      { class: quiet ? "group quiet" : "group" },
      el("h4", {}, title),
      steps,
    );
    this.#group = { section, steps, attempts: 0, last: undefined, shown: false };
  }

  /** An exchange began or went on. */
  report(exchange) {
    const row = this.#rows.get(exchange) ?? this.#add(exchange);
    row.item.dataset.mood = mood(exchange);
    say(row.saw, clientSaw(exchange));
    say(row.did, bankDid(exchange));
    say(row.token, exchange.token ? `token ${exchange.token}` : "");
    if (exchange.ended) row.group.last = exchange.ended;
  }

  #add(exchange) {
    const group = this.#group;
    this.#show(group);
    group.first ??= exchange.started;
    if (exchange.key) group.attempts += 1;
    const saw = el("dd");
    const did = el("dd");
    const token = el("span", { class: "token" });
    const item = el(
      "li",
      { class: "step" },
      el("span", { class: "when" }, seconds(exchange.started - group.first)),
      el(
        "div",
        { class: "what" },
        el(
          "p",
          { class: "step-head" },
          el("strong", {}, whatItIs(exchange, group.attempts)),
          exchange.key ? keyMark(exchange.key) : null,
          token,
        ),
        el("p", { class: "step-path" }, `${exchange.method} ${shortened(exchange.path)}`),
        el(
          "dl",
          {},
          el("div", {}, el("dt", {}, "Client saw"), saw),
          el("div", {}, el("dt", {}, "Bank"), did),
        ),
      ),
    );
    const waited = group.last && exchange.key ? exchange.started - group.last : 0;
    if (waited > 50)
      group.steps.append(el("li", { class: "gap" }, `waited ${seconds(waited).slice(1)}`));
    group.steps.append(item);
    const row = { item, saw, did, token, group };
    this.#rows.set(exchange, row);
    return row;
  }

  #show(group) {
    if (group.shown) return;
    group.shown = true;
    byId("log-empty").hidden ||= !group.section.classList.contains("quiet");
    this.#list.prepend(group.section);
    if (!group.section.classList.contains("quiet")) this.#list.scrollTop = 0;
    const old = this.#list.querySelectorAll(".group");
    if (old.length > MOST_GROUPS) old[old.length - 1].remove();
  }
}

const seconds = (ms) => `+${(ms / 1000).toFixed(2)} s`;

/** Ids in a path are long, and their beginning is enough to tell them apart. */
const shortened = (path) => path.replace(/([0-9a-f]{8})-[0-9a-f-]{27}/, "$1…");
