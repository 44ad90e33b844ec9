// Drives a call of the machine to its end: polls it, and does what it asks for.

import { errorOf } from "./errors.js";
import { Broken, LONGEST, exchange, member, within } from "./exchange.js";

/**
 * What the call comes to, or what it fails with, thrown. If the body of a good answer is
 * left to whoever made the call, `stop` gets its `read`, and `abort` to end it.
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
      const asked = { ...step.send, body: call.body() };
      const { answered, abort } = exchange(fetch, asked, streams);
      const answer = await stop.unless(answered);
      if (!answer) {
        abort();
        continue;
      }
      const { read, body, ...head } = answer;
      call.settle(settled(head), body);
      if (read) Object.assign(stop, { read, abort });
    } else if (step.authorize) {
      const token = await stop.unless(supplied(supplier, step.authorize, stop));
      if (token) call.supply(token);
    } else if (step.wait !== undefined) {
      await waiting(call, step, stop);
    } else {
      return outcome(step, made);
    }
  }
}

/** What a call came to: a good answer, or an error, thrown. */
export function outcome({ error, ...reply }, { operation, call, signal }) {
  if (!error) return reply;
  const raw = error.headers ? call.body() : undefined;
  // What is wrong with the arguments is no signal's doing.
  const aborted = error.kind !== "invalid_input" && member(signal, "aborted");
  throw errorOf(error, raw, aborted ? member(signal, "reason") : undefined, operation);
}

// The headers that the machine reads, by name, and all of them.
function settled({ status, headers, fault, told }) {
  const known = { status, fault, told, "x-packed": JSON.stringify(headers) };
  for (const [name, value] of headers) {
    if (/^(location|retry-after|date)$/.test(name)) known[name] ??= value;
    // Several are one that has them all.
    if (name === "link") known.link = known.link ? `${known.link}, ${value}` : value;
  }
  return wellFormed(known);
}

// Asks the application's function for a token: a string, or what a token endpoint says, in
// camel case.
async function supplied(supplier, ms, stop) {
  try {
    const asked = (async () => supplier())();
    const token = await within(ms, asked, "the token supplier did not answer in time", stop.stopped);
    if (typeof token === "string") return { token };
    const text = member(token, "accessToken");
    if (typeof text !== "string") {
      throw new Broken(0, "it must give a string, or { accessToken, expiresIn? }");
    }
    const given = member(token, "expiresIn");
    const seconds = typeof given === "string" && /^\d{1,9}$/.test(given) ? Number(given) : given;
    // No number, no lifetime: what is past has none either.
    if (!Number.isFinite(seconds)) return { token: text };
    const expiresIn = Math.min(Math.max(Math.trunc(seconds), 0), Number.MAX_SAFE_INTEGER);
    return { token: text, expiresIn };
  } catch (thrown) {
    const message = [member(thrown, "told"), member(thrown, "message"), thrown];
    const told = message.find((it) => typeof it === "string");
    return wellFormed({ told: told ?? "an error without a message" });
  }
}

// Half a character is no text.
const wellFormed = (record) =>
  Object.fromEntries(
    Object.entries(record).map(([name, it]) => [
      name,
      typeof it === "string" ? it.replace(/\p{Cs}/gu, "\ufffd") : it,
    ]),
  );

// Another call's end may end the wait. It cannot wake this one: an edge worker ties timers
// and requests to the event that made them, and ends them with it, and what another event's
// call woke would run on that event's account, and die with it. So it rings, and this one
// looks, the less often the longer it takes: an eighth of the time so far is lost at the
// most.
async function waiting(call, { wait, rings }, stop) {
  for (let waited = 0, look; waited < wait; waited += look) {
    if (stop.aborted || (rings && call.woken())) return;
    look = rings ? Math.min(Math.max(waited / 8, SOONEST), LATEST, wait - waited) : wait;
    let timer;
    await stop.unless(
      new Promise((done) => (timer = setTimeout(done, Math.min(look, LONGEST)))),
    );
    clearTimeout(timer);
  }
}

const SOONEST = 2;
const LATEST = 50;

/** What ends a call early: the application's signal. */
export class Stop {
  #signal;
  #told;
  #listener = () => {
    this.aborted = true;
    this.#told();
  };

  constructor(signal) {
    this.#signal = signal;
    this.stopped = new Promise((told) => (this.#told = () => told()));
    this.aborted = member(signal, "aborted") === true;
    // What throws here is no signal of the platform's.
    if (!this.aborted) quietly(() => signal?.addEventListener("abort", this.#listener));
  }

  /** What the work gives, or nothing if the call was called off first. */
  unless(work) {
    return Promise.race([work, this.stopped]);
  }

  /** As if the signal had aborted. */
  now() {
    this.#listener();
  }

  /** The call is over. */
  end() {
    quietly(() => this.#signal?.removeEventListener("abort", this.#listener));
  }
}

/** What this throws loses nothing. */
export function quietly(act) {
  try {
    act();
  } catch {}
}
