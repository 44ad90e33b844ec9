// The outcome: the fate of the payment that was sent last.

import { byId, el, onPress, say, setEnabled } from "./dom.js";
import { FATES, acceptedText } from "./fates.js";

const TITLE = byId("outcome-title");
const TEXT = byId("outcome-text");
const NEXT = byId("outcome-next");

export class Outcome {
  #shown;

  constructor({ again, ask }) {
    onPress(byId("again"), () => again(this.#shown));
    onPress(byId("ask"), () => ask(this.#shown));
  }

  underway(intent, text = "On its way…") {
    this.#shown = intent;
    this.#mark(undefined);
    this.#speak(
      text,
      intent.title,
      "The key was drawn before the first byte left, so nothing can lose it.",
    );
    this.#offer(false, false);
    byId("evidence").replaceChildren();
  }

  accepted(intent, reply) {
    this.#found(intent, reply, acceptedText(reply));
  }

  /** The bank was asked for it, and has it, or had it and gave the money back. */
  found(intent, reply) {
    this.#found(intent, reply, FATES[intent.fate].text);
  }

  /** Where there is one column only, it is below what was pressed. */
  reveal() {
    if (matchMedia("(max-width: 59.99rem)").matches) byId("story").scrollIntoView();
  }

  #found(intent, reply, text) {
    this.#shown = intent;
    this.#mark(intent.fate);
    this.#speak(FATES[intent.fate].title, text, FATES[intent.fate].next);
    this.#offer(true, Boolean(intent.paymentId));
    this.#evidence({
      fate: intent.fate,
      status: reply.status,
      attempts: reply.attempts,
      "idempotency key": intent.key,
      ...reply.data,
    });
  }

  /** `stopped`: by the person, not by what happened. */
  failed(intent, error, { fate, stopped = false }) {
    this.#shown = intent;
    this.#mark(fate);
    this.#speak(FATES[fate].title, ...failedWords(error, fate, stopped));
    this.#offer(fate === "unknown" || fate === "in_progress", Boolean(intent.paymentId));
    this.#evidence({
      message: error.message,
      kind: error.kind,
      fate: error.fate,
      status: error.status,
      "error code": error.errorCode,
      detail: error.detail,
      "request id": error.requestId,
      "transaction id": error.transactionId,
      "idempotency key": error.idempotencyKey ?? intent.key,
      "first sent": error.firstSent,
      attempts: error.attempts,
    });
  }

  #mark(fate) {
    byId("outcome").dataset.fate = fate ?? "";
    for (const step of byId("ladder").children) {
      if (step.dataset.fate === fate) step.setAttribute("aria-current", "step");
      else step.removeAttribute("aria-current");
    }
  }

  #speak(title, text, next) {
    say(TITLE, title);
    say(TEXT, text);
    say(NEXT, next);
  }

  #offer(again, ask) {
    setEnabled(byId("again"), again);
    setEnabled(byId("ask"), ask);
  }

  #evidence(facts) {
    const rows = Object.entries(facts).filter(
      ([, value]) => value !== undefined && value !== null && value !== "",
    );
    byId("evidence").replaceChildren(
      ...rows.map(([name, value]) =>
        el("div", {}, el("dt", {}, name), el("dd", {}, written(value))),
      ),
    );
  }
}

/** What happened, and what to do. */
function failedWords(error, fate, stopped) {
  const { text, next } = FATES[fate];
  if (stopped && fate === "unknown") {
    return ["You stopped waiting. The request may have reached the bank before that.", next];
  }
  if (fate === "never_sent" && error.kind !== "invalid_input")
    return [text, "Send it again when you like."];
  return [text, next];
}

function written(value) {
  if (value instanceof Date) return value.toISOString();
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
