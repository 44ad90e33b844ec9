// The payments that were sent, and how far each has come.

import { byId, el, onPress, say, setEnabled } from "./dom.js";
import { FATES } from "./fates.js";
import { keyMark, letterOf } from "./marks.js";

const STATES = ["P_CREATED", "P_VALIDATED", "P_SUBMITTED_TO_CORE", "P_PROCESSING", "P_COMPLETED"];
const WORDS = {
  P_CREATED: "Received",
  P_VALIDATED: "Checked",
  P_SUBMITTED_TO_CORE: "In the batch file",
  P_PROCESSING: "Taken by the core",
  P_COMPLETED: "Completed",
  P_FAILED: "Failed",
  COMPLETED: "Completed",
};

export class Payments {
  #rows = new Map();
  #again;

  constructor({ again }) {
    this.#again = again;
  }

  /** Those whose state may still change. */
  get open() {
    return [...this.#rows.keys()].filter(({ paymentId, state }) => paymentId && !isFinal(state));
  }

  show(intent) {
    const row = this.#rows.get(intent) ?? this.#add(intent);
    say(row.state, words(intent));
    const reached = STATES.indexOf(intent.state);
    for (const [at, dot] of [...row.dots.children].entries()) {
      dot.classList.toggle("reached", at <= reached);
    }
    row.dots.hidden = reached < 0;
    this.#offer(intent, row);
  }

  /** What is in doubt can be sent again, however much was done since. */
  #offer(intent, row) {
    const inDoubt = intent.fate === "unknown" || intent.fate === "in_progress";
    if (inDoubt && !row.again) {
      row.again = el(
        "button",
        { type: "button", class: "small" },
        `Send ${letterOf(intent.key)} again`,
      );
      onPress(row.again, () => this.#again(intent));
      row.line.append(row.again);
    }
    if (row.again) setEnabled(row.again, inDoubt);
  }

  #add(intent) {
    const state = el("span", { class: "state" });
    const dots = el("span", { class: "dots", "aria-hidden": "true" }, ...STATES.map(() => el("i")));
    const line = el("div", { class: "payment-line" }, keyMark(intent.key), state, dots);
    byId("payments").prepend(
      el("li", {}, el("span", { class: "payment-title" }, intent.title), line),
    );
    byId("payments").hidden = false;
    byId("payments-empty").hidden = true;
    const row = { state, dots, line };
    this.#rows.set(intent, row);
    return row;
  }
}

export const isFinal = (state) => ["P_COMPLETED", "P_FAILED", "COMPLETED"].includes(state);

/** What a state says of the money: a failed payment has given it back. */
export const fateOf = (state) => (state === "P_FAILED" ? "refused" : "accepted");

function words({ state, fate, kind }) {
  if (state) return WORDS[state] ?? state;
  if (fate === "accepted" && kind === "transfer") return WORDS.P_COMPLETED;
  return FATES[fate]?.title ?? "On its way";
}
