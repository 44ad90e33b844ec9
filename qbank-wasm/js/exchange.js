// One exchange over `fetch`, bounded in time and size: for the npm package, and for the
// driver in Rust.
//
// What a given `fetch` returns may be anything: reading any member of it can throw.

/**
 * Begins an exchange. `abort` calls it off; `response` never rejects: it is
 * `{ status, headers, body }`, and `fault` and `message` if something broke, with as much of the
 * response as came before. Where `streams(status)` says so the body is left unread, and `read`
 * gives a chunk of it, nothing at its end, or throws a `Broken`.
 */
export function exchange(fetch, request, streams = () => false) {
  const controller = new AbortController();
  let next, calledOff;
  const stopped = new Promise((_, reject) => (calledOff = reject));
  const abort = () => {
    controller.abort();
    // A given `fetch` may have made its body itself.
    next?.leave();
    calledOff(new Broken("other", "it was called off"));
  };
  const began = performance.now();
  const received = { headers: [], body: new Uint8Array() };
  const receive = async () => {
    const { body } = request;
    const init = { method: request.method, headers: request.headers };
    if (body.length > 0) init.body = body;
    const options = { ...init, ...SAFE, signal: controller.signal };
    const response = await send(fetch, request.url, options);
    Object.assign(received, headOf(response));
    next = reader(response, request.maxBody, controller.signal);
    if (streams(received.status)) {
      const left = () => request.streamTimeoutMs - (performance.now() - began);
      received.read = () => within(left(), next(), "the call's time was up", stopped);
    } else {
      received.body = await whole(next, request.maxBody);
    }
  };
  const late = `no response within ${request.timeoutMs} ms`;
  const response = within(request.timeoutMs, receive(), late, stopped)
    .catch((thrown) => {
      const { fault, message } = broken(thrown, "other");
      Object.assign(received, { fault, message });
    })
    .then(() => {
      // What is left of it, if anything is.
      if (!received.read) abort();
      return received;
    });
  return { response, abort };
}

/** What broke, by the name of its kind, and what there is to say about it. */
export class Broken {
  constructor(fault, message) {
    Object.assign(this, { fault, message });
  }
}

/**
 * What the work gives, unless it takes longer or is stopped: a given `fetch` need not know of
 * abort signals.
 */
export function within(ms, work, message, stopped) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Broken("timeout", message)), Math.min(ms, LONGEST));
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

async function send(fetch, url, init) {
  // Some browsers let a script set it, but then send a CORS preflight for it.
  if (BROWSER) init.headers = init.headers.filter(([name]) => name !== "user-agent");
  // A given function may be an async one, or return at once.
  return fetch ? fetch(url, init) : globalThis.fetch(url, init);
}

function headOf(response) {
  try {
    if (response.type === "opaqueredirect") {
      throw new Broken(
        "redirected",
        "the browser hides the redirect; the base URL must be the bank's own",
      );
    }
    const { status } = response;
    if (!(Number.isInteger(status) && status >= 100 && status < 1000)) throw status;
    const headers = [];
    const given = response.headers;
    for (const entry of given[Symbol.iterator] ? given : []) {
      const [name, value] = [entry?.[0], entry?.[1]];
      // What is no header is left out.
      const is = (it, rule) => typeof it === "string" && rule.test(it);
      if (is(name, /^[!#$%&'*+.^_`|~\w-]+$/) && is(value, /^[\t -~]*$/)) {
        headers.push([name.toLowerCase(), value]);
      }
    }
    return { status, headers };
  } catch (thrown) {
    if (isBroken(thrown)) throw thrown;
    throw new Broken("protocol", "fetch gave something that is no response");
  }
}

// The body, a chunk at a time; nothing at its end.
function reader(response, most, signal) {
  let stream;
  let ended = false;
  const read = async () => {
    if (ended) return undefined;
    const body = response.body;
    if (typeof body?.getReader !== "function") {
      // No stream: a given `fetch` may return such a response.
      ended = true;
      const bytes = octets(await response.arrayBuffer());
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
  const next = () => read().catch((thrown) => Promise.reject(broken(thrown, "disconnected")));
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
  new Broken("body_too_large", `the response's body is larger than ${most} bytes`);

// Bytes, and nothing that can be made into some: a number would be that many zeros.
function octets(value) {
  // Not by class: another realm has others.
  if (typeof value?.byteLength === "number") return new Uint8Array(value);
  throw new Broken("disconnected", "a body must come as bytes (Uint8Array)");
}

// A fault in the platform's own words, causes included: what broke often stands in the
// cause alone.
function broken(thrown, fault) {
  if (isBroken(thrown)) return thrown;
  let message = "";
  for (let depth = 0; depth < 4; depth += 1) {
    const texts = [member(thrown, "message"), thrown];
    const text = texts.find((it) => typeof it === "string") ?? "";
    if (!message.includes(text)) message += (message && ": ") + text;
    fault = faultOf(member(thrown, "code")) ?? fault;
    thrown = member(thrown, "cause");
  }
  return new Broken(fault, message || "fetch failed");
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
  [/^(ENOTFOUND|EAI_AGAIN)$/, "resolve"],
  [/^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/, "connect"],
  [/^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/, "disconnected"],
  [/CERT|^(UNABLE_TO_VERIFY_LEAF_SIGNATURE|INVALID_CA|HOSTNAME_MISMATCH)$/, "certificate"],
  [/^HPE_/, "protocol"],
  [/^ERR_SSL_/, "tls"],
];
const faultOf = (code) =>
  typeof code === "string" ? CODES.find(([rule]) => rule.test(code))?.[1] : undefined;
