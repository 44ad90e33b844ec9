// The bank in WebAssembly, as plain JavaScript: its classes are copied and freed here.

import init, { PageBank } from "../bank/qbank_demo_bank.js";

const WEBHOOK_SECRET = "sandbox-webhook-secret";
/** Nobody listens there: the page takes what is addressed to it from the bank itself. */
const PAGE = "http://127.0.0.1/this-page";

export async function openBank(seed) {
  await init();
  return new DemoBank(new PageBank(BigInt(seed), now()));
}

class DemoBank {
  #bank;

  constructor(bank) {
    this.#bank = bank;
    this.control("POST", "/webhooks", { url: PAGE, secret: WEBHOOK_SECRET });
  }

  get webhookSecret() {
    return WEBHOOK_SECRET;
  }

  /** The bank's own clock, in milliseconds. */
  get now() {
    return Number(this.#bank.nowMs);
  }

  isBankDay(ms) {
    return this.#bank.isBankDay(BigInt(ms));
  }

  refuses(method, url) {
    return this.#bank.refuses(now(), method, url);
  }

  handle(method, url, headers, body) {
    const answer = this.#bank.handle(now(), method, url, headers.flat(), body);
    const { status, fault, faultValue } = answer;
    const plain = { status, headers: pairs(answer.headers), body: answer.body, fault, faultValue };
    answer.free();
    return plain;
  }

  /** The sandbox's control surface. */
  control(method, path, body) {
    const bytes = new TextEncoder().encode(body === undefined ? "" : JSON.stringify(body));
    const answer = this.handle(method, `/_sandbox${path}`, [], bytes);
    if (answer.status >= 300) throw new Error(`The sandbox answered ${answer.status} to ${path}.`);
    return answer.body.length > 0 ? JSON.parse(new TextDecoder().decode(answer.body)) : undefined;
  }

  advance(seconds) {
    this.#bank.advance(now(), seconds);
  }

  /** Webhooks that are due now, each once. */
  due() {
    return this.#bank.tick(now()).map((delivery) => this.#plain(delivery));
  }

  /** The webhook about a payment, once more. */
  eventFor(paymentId) {
    const delivery = this.#bank.eventFor(paymentId);
    return delivery && this.#plain(delivery);
  }

  get ledger() {
    return JSON.parse(this.#bank.ledger());
  }

  get requests() {
    return JSON.parse(this.#bank.requests());
  }

  get accounts() {
    return JSON.parse(this.#bank.accounts());
  }

  /** `answered` tells the bank the receiver's status, and ends the delivery. */
  #plain(delivery) {
    return {
      headers: pairs(delivery.headers),
      body: delivery.body,
      paymentId: delivery.paymentId,
      answered: (status) => {
        this.#bank.recordDelivery(now(), delivery, status);
        delivery.free();
      },
    };
  }
}

const now = () => BigInt(Date.now());

function pairs(flat) {
  return Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at], flat[2 * at + 1]]);
}
