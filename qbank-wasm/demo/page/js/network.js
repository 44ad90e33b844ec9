// The way between the library and the bank: a `fetch` with latency, aborts and accidents.

import { accident } from "./accident.js";
import { pause } from "./pause.js";

const LATENCY_MS = 140;

/** Tells `report(exchange)` of everything that travels, each time it changes. */
export function network(bank, report) {
  const tokens = new Map();

  return async function fetch(input, init) {
    const request = new Request(input, init);
    const exchange = begun(request, tokens);
    const tell = (changes) => report(Object.assign(exchange, changes));
    tell({});
    try {
      const answer = await travel(bank, request, tell);
      remember(tokens, exchange, answer);
      return respond(answer, request.signal, tell);
    } catch (error) {
      const saw = error === request.signal.reason ? "gave_up" : "closed";
      tell({ saw, ended: performance.now() });
      throw error;
    }
  };
}

function begun(request, tokens) {
  const bearer = request.headers.get("authorization");
  return {
    method: request.method,
    path: new URL(request.url).pathname,
    key: request.headers.get("idempotency-key"),
    token: tokens.get(bearer?.replace(/^Bearer /i, "")),
    started: performance.now(),
    saw: "waiting",
    did: "not_arrived",
  };
}

/** There and back. What the bank did is known here even if the client never hears of it. */
async function travel(bank, request, tell) {
  const body = new Uint8Array(await request.arrayBuffer());
  const url = new URL(request.url);
  const target = url.pathname + url.search;
  await pause(LATENCY_MS, request.signal);
  if (bank.refuses(request.method, target)) {
    tell({ did: "never_read", fault: "refuse" });
    throw new TypeError("the connection was closed");
  }
  const before = bank.ledger.entries.length;
  const answer = bank.handle(request.method, target, [...request.headers], body);
  const moved = bank.ledger.entries.length > before;
  tell({ ...done(request, answer, moved), fault: bank.requests.at(-1)?.fault });
  await accident(answer, request.signal);
  await pause(LATENCY_MS, request.signal);
  return answer;
}

function done(request, { status }, moved) {
  const isWrite = request.headers.has("idempotency-key");
  if (moved) return { did: "booked", answered: status };
  if (!isWrite) return { did: "answered", answered: status };
  return { did: status < 300 || status === 409 ? "knew_the_key" : "nothing", answered: status };
}

function respond(answer, signal, tell) {
  const ended = () => performance.now();
  const type = answer.headers.find(([name]) => name === "content-type")?.[1] ?? "";
  tell({ status: answer.status, html: type.startsWith("text/html") });
  const body = answer.stream?.(signal, (saw) => tell({ saw, ended: ended() })) ?? answer.body;
  if (!answer.stream) tell({ saw: "answer", ended: ended() });
  const empty = [204, 205, 304].includes(answer.status);
  return new Response(empty ? null : body, { status: answer.status, headers: answer.headers });
}

/** Tokens are numbered, never shown. */
function remember(tokens, exchange, answer) {
  if (!exchange.path.endsWith("/token") || answer.status !== 200) return;
  const { access_token: token } = JSON.parse(new TextDecoder().decode(answer.body));
  tokens.set(token, tokens.size + 1);
  exchange.token = tokens.size;
}
