// Drives a call of the machine to its end: polls it, and does what it asks for.

import { errorOf } from "./errors.js";
import { Broken, LONGEST, exchange, member, within } from "./exchange.js";

/**
 * The reply of the call, or its error, thrown. If the body of a good response is left to whoever
 * made the call, `stop` gets its `read`, and `abort` to end it.
 */
export async function drive(made, { fetch, supplier }, stop) {
  const { call, operation } = made;
  const streams = operation.endsWith(".stream")
    ? (status) => call.streams(status)
    : undefined;
  for (;;) {
    if (stop.aborted) return outcome(call.abandon(), made);
    const step = call.poll();
    if (step.send) {
      const request = { ...step.send, body: call.body() };
      const { response, abort } = exchange(fetch, request, streams);
      const received = await stop.unless(response);
      if (!received) {
        abort();
        continue;
      }
      const { read, body, headers, ...head } = received;
      call.settle(wellFormed({ ...head, headers: headers.flat() }), body);
      if (read) Object.assign(stop, { read, abort });
    } else if (step.authorize) {
      const token = await stop.unless(supplied(supplier, step.authorize, stop));
      if (token) call.supply(token);
    } else if (step.wait !== undefined) {
      await waiting(call, step.wait, stop);
    } else {
      return outcome(step, made);
    }
  }
}

/** What a call came to: its reply, or its error, thrown. `cause` is what went wrong before. */
export function outcome({ done, failed }, { call, signal }, cause) {
  if (!failed) return done;
  const raw = failed.headers ? call.body() : undefined;
  // The signal is not the cause of what is wrong with the arguments.
  const aborted = failed.kind !== "invalid_input" && member(signal, "aborted");
  throw errorOf(failed, raw, aborted ? member(signal, "reason") : cause);
}

// Asks the application's function for a token: a string, or what a token endpoint says, in
// camel case.
async function supplied(supplier, ms, stop) {
  try {
    const supplying = (async () => supplier())();
    const late = "the token supplier gave nothing in time";
    const token = await within(ms, supplying, late, stop.stopped);
    const text = typeof token === "string" ? token : member(token, "accessToken");
    if (typeof text !== "string") {
      throw new Broken("other", "it must give a string, or { accessToken, expiresIn? }");
    }
    // A token that was read from a file ends in a newline.
    const accessToken = text.trim();
    const given = member(token, "expiresIn");
    const seconds = typeof given === "string" && /^\d{1,9}$/.test(given) ? Number(given) : given;
    // No number, no lifetime: what is past has none either.
    if (!Number.isFinite(seconds)) return wellFormed({ accessToken });
    const expiresIn = Math.min(Math.max(Math.trunc(seconds), 0), Number.MAX_SAFE_INTEGER);
    return wellFormed({ accessToken, expiresIn });
  } catch (thrown) {
    const message = [member(thrown, "message"), thrown].find((it) => typeof it === "string");
    return wellFormed({ message: message ?? "an error without a message" });
  }
}

// A lone surrogate is no Unicode: U+FFFD in its place.
const wellFormed = (record) =>
  Object.fromEntries(
    Object.entries(record).map(([name, it]) => [
      name,
      typeof it === "string" ? it.replace(/\p{Cs}/gu, "\ufffd") : it,
    ]),
  );

// Another call may end the wait early, but not by running this one: an edge worker ties timers
// and requests to the event that made them, and ends them with it; what another event's call
// woke would run on that event's account, and end with it. So the other call sets a flag, and
// this one polls it, the less often the longer it takes: an eighth of the time so far is lost at
// the most.
async function waiting(call, limit, stop) {
  const awaited = call.isAwaited();
  for (let waited = 0, next; waited < limit; waited += next) {
    if (stop.aborted || (awaited && call.woken())) return;
    next = awaited ? Math.min(Math.max(waited / 8, SOONEST), LATEST, limit - waited) : limit;
    let timer;
    await stop.unless(
      new Promise((done) => (timer = setTimeout(done, Math.min(next, LONGEST)))),
    );
    clearTimeout(timer);
  }
}

const SOONEST = 2;
const LATEST = 50;

// The calls that a signal ends: one listener for all, since Node warns of more than ten.
const heeding = new WeakMap();

/** What ends a call early: the application's signal. */
export class Stop {
  #signal;
  #stop;

  constructor(signal) {
    this.#signal = signal;
    this.stopped = new Promise((resolve) => (this.#stop = () => resolve()));
    this.aborted = member(signal, "aborted") === true;
    // What throws here is no signal of the platform's.
    if (signal && !this.aborted) quietly(() => this.#heed());
  }

  /** What the work gives, or nothing if the call was called off first. */
  unless(work) {
    return Promise.race([work, this.stopped]);
  }

  /** As if the signal had aborted. */
  now() {
    this.aborted = true;
    this.#stop();
  }

  /** The call is done. */
  end() {
    const all = heeding.get(this.#signal);
    if (!all?.stops.delete(this) || all.stops.size > 0) return;
    heeding.delete(this.#signal);
    quietly(() => this.#signal.removeEventListener("abort", all.listener));
  }

  #heed() {
    let all = heeding.get(this.#signal);
    if (!all) {
      const stops = new Set();
      all = { stops, listener: () => stops.forEach((stop) => stop.now()) };
      this.#signal.addEventListener("abort", all.listener);
      heeding.set(this.#signal, all);
    }
    all.stops.add(this);
  }
}

/** What this throws loses nothing. */
export function quietly(act) {
  try {
    act();
  } catch {}
}
