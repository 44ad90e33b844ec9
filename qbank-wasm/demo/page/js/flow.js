// The flow of a payment: one thing at a time, from the form through the library to the outcome.

import { secondsTo, written } from "./calendar.js";
import { byId, isEnabled, onPress, say, setEnabled } from "./dom.js";
import { newKey } from "./marks.js";
import { fateOf, isFinal } from "./payments.js";

/** Time enough for the library to refuse what it will not send. */
const REVEAL_AFTER_MS = 60;
const PATHS = { ach: "/payments/ach", wire: "/payments/wire", transfer: "/transfers" };

export class PaymentFlow {
  #parts;
  #abort;
  #busy = false;

  /** `parts`: bank, client, log, faults, form, outcome, payments, accounts, ledger, hooks. */
  constructor(parts) {
    this.#parts = parts;
    onPress(byId("stop"), () => this.#abort?.abort());
    for (const button of byId("clock").children) {
      onPress(button, () => this.#advance(button.dataset.to));
    }
  }

  /** Sends what the form says, under a new key. */
  pay() {
    if (!isEnabled(byId("send"))) return Promise.resolve();
    const intent = { ...this.#parts.form.read(), key: newKey() };
    this.#parts.form.unmark();
    return this.#alone(() => this.#send(intent));
  }

  /** Sends an intent that was sent before, under its own key. */
  again(intent) {
    return this.#alone(() => this.#send(intent, { resumeFrom: intent.firstSent }));
  }

  /** Asks the bank where a payment is. */
  ask(intent) {
    return this.#alone(async () => {
      this.#parts.log.begin(`Where is it? · ${intent.title}`);
      await this.#follow(intent);
    });
  }

  /** Learns which accounts there are: the client's first calls, and its first token. */
  async open() {
    const { log, client, accounts, form } = this.#parts;
    log.begin("Opening the page", { quiet: true });
    const list = await client.accounts.list();
    accounts.show(list);
    form.offer(list);
    await accounts.read(client);
  }

  /** Takes the webhooks that are due. */
  receiveDue() {
    return this.#parts.hooks.receiveDue();
  }

  /** Reads the balances, as the page does by itself. */
  async #readBalances() {
    const { log, accounts, client } = this.#parts;
    log.begin("Reading balances", { quiet: true });
    await accounts.read(client);
  }

  async #send(intent, resume = {}) {
    const { log, faults, outcome, payments, form } = this.#parts;
    const again = Boolean(resume.resumeFrom);
    log.begin(again ? `Again, same key · ${intent.title}` : intent.title);
    outcome.underway(intent, again ? "On its way again…" : undefined);
    intent.firstSent ??= new Date();
    faults.arm(PATHS[intent.kind]);
    this.#abort = new AbortController();
    setEnabled(byId("stop"), true);
    const reveal = setTimeout(() => outcome.reveal(), REVEAL_AFTER_MS);
    const options = {
      ...resume,
      idempotencyKey: intent.key,
      maxRetries: Number(byId("retries").value),
      signal: this.#abort.signal,
    };
    try {
      const reply = await this.#call(intent, options);
      intent.fate = "accepted";
      intent.paymentId = reply.data?.paymentId ?? intent.paymentId;
      intent.state = reply.data?.status ?? intent.state;
      outcome.accepted(intent, reply);
    } catch (error) {
      this.#failed(intent, error, { outcome, form });
    } finally {
      clearTimeout(reveal);
      faults.disarm();
      setEnabled(byId("stop"), false);
    }
    if (intent.fate !== "never_sent") payments.show(intent);
  }

  #call({ kind, request }, options) {
    const { payments, transfers } = this.#parts.client.withRawResponse;
    if (kind === "transfer") return transfers.create(request, options);
    return kind === "wire"
      ? payments.createWire(request, options)
      : payments.createAch(request, options);
  }

  #failed(intent, error, { outcome, form }) {
    const stopped = this.#abort.signal.aborted;
    if (error.fate === undefined && !stopped) throw error;
    // Whoever stops waiting before the end knows nothing.
    intent.fate = error.fate ?? "unknown";
    if (intent.kind !== "transfer") intent.paymentId ??= error.transactionId;
    outcome.failed(intent, error, { fate: intent.fate, stopped });
    if (error.kind === "invalid_input") form.mark(error);
  }

  async #follow(intent) {
    const { client, outcome, payments } = this.#parts;
    try {
      const reply = await client.withRawResponse.payments.get(intent.paymentId);
      intent.state = reply.data.status;
      intent.fate = fateOf(intent.state);
      outcome.found(intent, reply);
    } catch (error) {
      if (error.kind === undefined) throw error;
      outcome.failed(intent, error, intent);
    }
    payments.show(intent);
  }

  /** Moves the bank's clock, then asks after every payment that was not final. */
  #advance(moment) {
    const { bank, log, client, payments, hooks } = this.#parts;
    return this.#alone(async () => {
      bank.advance(secondsTo(moment, bank));
      say(byId("clock-said"), `At the bank it is now ${written(bank.now)}.`);
      await hooks.receiveDue();
      log.begin("After the clock moved: where are the payments?");
      for (const intent of payments.open) {
        intent.state = (await client.payments.get(intent.paymentId)).status;
        if (isFinal(intent.state)) intent.fate = fateOf(intent.state);
        payments.show(intent);
      }
    });
  }

  /** One thing at a time; afterwards books and balances are as they are now. */
  async #alone(action) {
    if (this.#busy) return;
    this.#setBusy(true);
    try {
      await action().finally(() => this.#parts.ledger.show());
      await this.#readBalances();
    } finally {
      this.#setBusy(false);
    }
  }

  #setBusy(busy) {
    this.#busy = busy;
    byId("main").setAttribute("aria-busy", String(busy));
    setEnabled(byId("send"), !busy);
    for (const button of byId("clock").children) setEnabled(button, !busy);
  }
}
