// What a request met, in plain words: what the client saw, and what the bank did.

const STATUS = new Map([
  [200, "OK"],
  [201, "Created"],
  [202, "Accepted"],
  [400, "Bad request"],
  [401, "Token not valid"],
  [403, "Not allowed"],
  [404, "Not found"],
  [409, "Already in process"],
  [422, "Cannot be done"],
  [429, "Too busy"],
  [503, "Maintenance"],
]);

const DID = {
  not_arrived: "has not seen it yet",
  never_read: "never read it",
  booked: "moved the money: one new entry",
  knew_the_key: "knew the key: moved nothing more",
  nothing: "moved nothing",
  answered: "told what it knows",
};

const isToken = ({ path }) => path.endsWith("/token");

export function statusWords(status) {
  const words = STATUS.get(status);
  return words ? `${status} ${words}` : String(status);
}

export function clientSaw(exchange) {
  switch (exchange.saw) {
    case "waiting":
      return exchange.status ? `${statusWords(exchange.status)}, still reading…` : "waiting…";
    case "closed":
      return "the connection closed, no answer";
    case "cut_off":
      return `${statusWords(exchange.status)}, then the line broke`;
    case "gave_up":
      return "gave up waiting";
    default:
      break;
  }
  if (exchange.html) return `${exchange.status}, and a web page`;
  if (exchange.fault === "garbage") return `${statusWords(exchange.status)}, unreadable`;
  return statusWords(exchange.status);
}

export function bankDid(exchange) {
  if (exchange.saw === "gave_up" && exchange.did === "not_arrived") return "never saw it";
  if (exchange.answered === 401) return "did not know the token: moved nothing";
  if (exchange.did === "answered" && isToken(exchange)) return "issued a new token";
  return DID[exchange.did];
}

/** Good, bad or in doubt: for the colour of a dot that stands beside the words. */
export function mood(exchange) {
  if (exchange.saw === "waiting") return "waiting";
  if (exchange.saw !== "answer" || exchange.html || exchange.fault === "garbage") return "doubt";
  if (exchange.status < 300) return "good";
  return exchange.status === 409 ? "known" : exchange.status >= 500 ? "doubt" : "bad";
}

export function whatItIs(exchange, attempt) {
  if (exchange.key) return `Attempt ${attempt}`;
  const path = exchange.path.replace(/^\/v1/, "");
  if (isToken(exchange)) return "Fetch a token";
  if (path === "/accounts") return "List the accounts";
  if (path.startsWith("/balances/")) return "Read a balance";
  return "Ask for the payment";
}
