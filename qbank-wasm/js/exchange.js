// One exchange over `fetch`, bounded in time and size: for the npm package, and for the
// driver in Rust.
//
// What a given `fetch` answers may be anything: every look at it can throw.

/**
 * Begins an exchange. `abort` calls it off; `answered` never rejects: it is
 * `{ status, headers, body }`, and `fault` and `told` if something broke, with as much of the answer as came before. Where `streams(status)` says so the body is left
 * unread, and `read` gives a chunk of it, nothing at its end, or throws a `Broken`.
 */
export function exchange(fetch, request, streams = () => false) {
  const controller = new AbortController();
  let next, calledOff;
  const stopped = new Promise((_, reject) => (calledOff = reject));
  const abort = () => {
    controller.abort();
    // A given `fetch` may have made its body itself.
    next?.leave();
    calledOff(new Broken(OTHER, "it was called off"));
  };
  const began = performance.now();
  const head = { status: 0, headers: [], body: new Uint8Array() };
  const receive = async () => {
    const { body } = request;
    const init = { method: request.method, headers: request.headers };
    if (body.length > 0) init.body = body;
    const answer = await ask(fetch, request.url, { ...init, ...SAFE, signal: controller.signal });
    Object.assign(head, headOf(answer));
    next = reader(answer, request.maxBody, controller.signal);
    if (streams(head.status)) {
      const left = () => request.streamMs - (performance.now() - began);
      head.read = () => within(left(), next(), "the call's time was up", stopped);
    } else {
      head.body = await whole(next, request.maxBody);
    }
  };
  const late = `no answer within ${request.timeoutMs} ms`;
  const answered = within(request.timeoutMs, receive(), late, stopped)
    .catch((thrown) => {
      const { fault, told } = broken(thrown, OTHER);
      Object.assign(head, { fault, told });
    })
    .then(() => {
      // What is left of it, if anything is.
      if (!head.read) abort();
      return head;
    });
  return { answered, abort };
}

// What can break, by the number that the machine has for it.
const OTHER = 0;
const RESOLVE = 1;
const CONNECT = 2;
const TLS = 3;
const CERTIFICATE = 4;
const TIMEOUT = 5;
const DISCONNECTED = 6;
const PROTOCOL = 7;
const BODY_TOO_LARGE = 8;
const REDIRECTED = 9;

/** What broke, by its number, and what there is to tell of it. */
export class Broken {
  constructor(fault, told) {
    Object.assign(this, { fault, told });
  }
}

/**
 * What the work gives, unless it takes longer or is stopped: a given `fetch` need not know of
 * abort signals.
 */
export function within(ms, work, told, stopped) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Broken(TIMEOUT, told)), Math.min(ms, LONGEST));
  });
  return Promise.race([work, late, stopped]).finally(() => clearTimeout(timer));
}

/** A longer timer fires at once. */
export const LONGEST = 2 ** 31 - 1;

// A browser sets the `User-Agent` itself and has credentials and a cache of its own. All
// browsers have said so since 1998; Node, Deno, Bun and workers name themselves.
const BROWSER = /^Mozilla\//.test(globalThis.navigator?.userAgent);
const SAFE = {
  redirect: "manual",
  ...(BROWSER && { credentials: "omit", cache: "no-store" }),
};

async function ask(fetch, url, init) {
  // Some ask the bank's leave for a name of ours.
  if (BROWSER) init.headers = init.headers.filter(([name]) => name !== "user-agent");
  // A given function may be an async one, or answer at once.
  return fetch ? fetch(url, init) : globalThis.fetch(url, init);
}

function headOf(answer) {
  try {
    if (answer.type === "opaqueredirect") {
      throw new Broken(
        REDIRECTED,
        "the browser hides the redirect; the base URL must be the bank's own",
      );
    }
    const { status } = answer;
    if (!(Number.isInteger(status) && status >= 100 && status < 1000)) throw status;
    const headers = [];
    const given = answer.headers;
    for (const entry of given[Symbol.iterator] ? given : []) {
      const [name, value] = [entry?.[0], entry?.[1]];
      // What is no header tells nothing.
      const is = (it, rule) => typeof it === "string" && rule.test(it);
      if (is(name, /^[!#$%&'*+.^_`|~\w-]+$/) && is(value, /^[\t -~]*$/)) {
        headers.push([name.toLowerCase(), value]);
      }
    }
    return { status, headers };
  } catch (thrown) {
    if (isBroken(thrown)) throw thrown;
    throw new Broken(PROTOCOL, "fetch gave something that is no answer");
  }
}

// The body, a chunk at a time; nothing at its end.
function reader(answer, most, signal) {
  let stream;
  let over = false;
  const read = async () => {
    if (over) return undefined;
    const body = answer.body;
    if (typeof body?.getReader !== "function") {
      // No stream: a given `fetch` may answer so.
      over = true;
      const bytes = octets(await answer.arrayBuffer());
      if (bytes.length > most) throw tooLarge(most);
      return bytes;
    }
    stream ??= body.getReader();
    for (;;) {
      const { done, value } = await stream.read();
      if (done) return undefined;
      const bytes = octets(value);
      if (bytes.length > 0) return bytes;
      // Nothing again and again, at once, would let no timer run.
      await new Promise((next) => setTimeout(next));
      if (signal.aborted) return undefined;
    }
  };
  const next = () => read().catch((thrown) => Promise.reject(broken(thrown, DISCONNECTED)));
  // Nobody waits for it, and a rejection that nobody sees ends Node.
  next.leave = () => void (async () => stream?.cancel())().catch(() => {});
  return next;
}

async function whole(next, most) {
  const chunks = [];
  let length = 0;
  for (let chunk; (chunk = await next()); chunks.push(chunk)) {
    length += chunk.length;
    if (length > most) throw tooLarge(most);
  }
  if (chunks.length === 1) return chunks[0];
  const body = new Uint8Array(length);
  length = 0;
  for (const chunk of chunks) {
    body.set(chunk, length);
    length += chunk.length;
  }
  return body;
}

const tooLarge = (most) =>
  new Broken(BODY_TOO_LARGE, `the answer's body is larger than ${most} bytes`);

// Bytes, and nothing that can be made into some: a number would be that many zeros.
function octets(value) {
  // Not by class: another realm has others.
  if (typeof value?.byteLength === "number") return new Uint8Array(value);
  throw new Broken(DISCONNECTED, "a body must come as bytes (Uint8Array)");
}

// A fault in the platform's own words, causes included: what broke often stands in the
// cause alone.
function broken(thrown, fault) {
  if (isBroken(thrown)) return thrown;
  let told = "";
  for (let depth = 0; depth < 4; depth += 1) {
    const message = member(thrown, "message");
    const text = [message, thrown].find((it) => typeof it === "string") ?? "";
    if (!told.includes(text)) told += (told && ": ") + text;
    fault = named(member(thrown, "code")) ?? fault;
    thrown = member(thrown, "cause");
  }
  return new Broken(fault, told || "fetch failed");
}

// A proxy may throw even here.
function isBroken(thrown) {
  try {
    return thrown instanceof Broken;
  } catch {
    return false;
  }
}

/** A getter that throws must not take the place of what happened. */
export function member(object, name) {
  try {
    return object?.[name];
  } catch {
    return undefined;
  }
}

// Node says in a code what broke. It is for the message and for what is not worth trying
// again; whether the bank has the request, it does not say.
const CODES = [
  [/^(ENOTFOUND|EAI_AGAIN)$/, RESOLVE],
  [/^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/, CONNECT],
  [/^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/, DISCONNECTED],
  [/CERT|^(UNABLE_TO_VERIFY_LEAF_SIGNATURE|INVALID_CA|HOSTNAME_MISMATCH)$/, CERTIFICATE],
  [/^HPE_/, PROTOCOL],
  [/^ERR_SSL_/, TLS],
];
const named = (code) =>
  typeof code === "string" ? CODES.find(([rule]) => rule.test(code))?.[1] : undefined;
