// Reads what an application gives: its options and requests become records that the machine
// reads, and what is wrong in them is named as the application knows it. What a value means the
// machine checks; what it is in JavaScript is checked here.

import { member } from "./exchange.js";

/** A member that is wrong, and the rule that it breaks. */
export class Wrong {
  constructor(field, rule) {
    Object.assign(this, { field, rule });
  }
}

/** The options of a client: a record, and what of them is JavaScript's own. */
export function clientInput(options) {
  const { fetch, environment, ...record } = members(options, "options", "", CLIENT);
  const { clientId, clientSecret, accessToken } = record;
  if (accessToken !== undefined) {
    if (clientId !== undefined || clientSecret !== undefined) {
      throw new Wrong("accessToken", "must not be given with clientId or clientSecret");
    }
  } else if (clientId === undefined && clientSecret === undefined) {
    const rule = "must be given: clientId and clientSecret, or accessToken";
    throw new Wrong("credentials", rule);
  } else if (clientId === undefined || clientSecret === undefined) {
    throw new Wrong(clientId === undefined ? "clientId" : "clientSecret", "is missing");
  }
  const supplier = typeof accessToken === "function" ? accessToken : undefined;
  if (supplier) delete record.accessToken;
  return { fetch, supplier, record: { ...record, ...environment } };
}

/** The options of a call: a record, and what of them is not the machine's option. */
export function callInput(operation, options) {
  if (options == null) return { record: {} };
  const shape = operation in WRITES ? WRITE : (READS[operation] ?? READ);
  const { signal, onUnreadable, accepted, ...record } = members(options, "options", "", shape);
  // A null is an empty column of a database: taken for "make one", it pays twice.
  for (const name of ["idempotencyKey", "resumeFrom"]) {
    if (name in shape && member(options, name) === null) {
      throw new Wrong(name, "must not be null; leave it out for a new intent");
    }
  }
  if (record.resumeFrom !== undefined && record.idempotencyKey === undefined) {
    throw new Wrong("idempotencyKey", "is needed to resume");
  }
  return { signal, onUnreadable, accepted, record };
}

/** Whether the options say that an intent was perhaps sent before, however wrong they are. */
export function resumes(options) {
  if (typeof options !== "object" || options === null) return false;
  try {
    return options.resumeFrom != null;
  } catch {
    return true;
  }
}

/** What is asked for: an id, a filter, a request, or nothing. */
export function requestInput(operation, request, accepted) {
  const id = IDS[operation];
  if (id) return { [id]: isText(request) ? request : "", accepted };
  if (operation in WRITES) return oneDestination(members(request, "request", "", WRITES[operation]));
  if (operation in FILTERED) return request == null ? {} : members(request, "filter", "", FILTER);
  return {};
}

/** The operations that write. */
export const isWrite = (operation) => operation in WRITES;

// The members of an object that its shape has. Any other one is refused: a typo in
// `idempotencyKey` must not pass unnoticed. `undefined` and `null` count as left out. A map or a
// promise is no such object: what it holds would be lost.
function members(object, what, path, shape, open = false) {
  if (typeof object !== "object" || !tried(() => classOf(object) === "[object Object]")) {
    throw new Wrong(what, "must be an object");
  }
  const typo = open ? undefined : keys(object, what).find((name) => !Object.hasOwn(shape, name));
  if (typo !== undefined) {
    const known = Object.keys(shape).join(", ");
    throw new Wrong(path + typo, `is not known here; there are ${known}`);
  }
  const record = {};
  for (const [name, kind] of Object.entries(shape)) {
    try {
      const value = object[name] ?? undefined;
      if (value !== undefined) record[name] = (kind.needed ?? kind)(value);
      else if (kind.needed) throw new Wrong(undefined, "is missing");
    } catch (thrown) {
      const wrong = tried(() => thrown instanceof Wrong) ? thrown : { rule: "cannot be read" };
      // Of a member's own member.
      throw wrong.field ? wrong : new Wrong(path + name, wrong.rule);
    }
  }
  return record;
}

// A proxy's own code can run here, and throw.
function keys(object, what) {
  const names = tried(() => Object.keys(object));
  if (names) return names;
  throw new Wrong(what, "must be an object that can be read");
}

const classOf = (value) => Object.prototype.toString.call(value);

function tried(act) {
  try {
    return act();
  } catch {
    return undefined;
  }
}

// Lets a value through, or says which rule it breaks; the object that it is in names it.
const checked = (value, holds, rule) => {
  if (holds) return value;
  throw new Wrong(undefined, rule);
};

const text = (value) => {
  checked(value, typeof value === "string", "must be a string");
  // It would become another text.
  return checked(value, isText(value), "must not have a lone surrogate");
};

const isText = (value) => typeof value === "string" && !/\p{Cs}/u.test(value);

const flag = (value) => checked(value, typeof value === "boolean", "must be true or false");

// A `Date` is another day in another time zone. Which days there are, the machine knows.
const day = (value) =>
  checked(
    value,
    typeof value === "string" && /^(?!0000)\d{4}-\d\d-\d\d$/.test(value),
    "must be a day as a string such as 2026-01-31",
  );

// Not by class: a `Date` of another realm has another one.
const moment = (value) => {
  const ms = tried(() => value.getTime());
  return Math.trunc(checked(ms, Number.isFinite(ms), "must be a valid Date"));
};

const httpDate = (value) =>
  typeof value === "string" ? text(value) : new Date(moment(value)).toUTCString();

const milliseconds = (value) => {
  const holds = typeof value === "number" && value >= 1 && value <= Number.MAX_SAFE_INTEGER;
  return Math.trunc(checked(value, holds, "must be a number of milliseconds from 1"));
};

const count = (value) => {
  const holds = Number.isInteger(value) && value >= 0 && value < 2 ** 32;
  return checked(value, holds, "must be a whole number from 0");
};

// 2⁴⁶: from here on, two amounts a cent apart can be the same number.
const amount = (value) => {
  if (typeof value === "string") return text(value);
  const kinds = 'a decimal string such as "1000.50", or a number with at most two decimals';
  checked(value, typeof value === "number", `must be ${kinds}`);
  const exact = Math.abs(value) < 2 ** 46;
  return JSON.stringify(
    checked(value, exact, "must be a decimal string: as a number it is not exact"),
  );
};

const onConflict = (value) => {
  const holds = ["report", "follow-own", "follow"].includes(value);
  return checked(value, holds, "must be report, follow-own or follow");
};

const scopes = (value) => {
  const given = (typeof value === "object" && tried(() => [...value])) || [undefined];
  const tokens = given.every((scope) => typeof scope === "string" && /^[!-~]+$/.test(scope));
  return checked(given, tokens, "must be an array of strings such as accounts.read");
};

const signal = (value) => {
  const of = (name, type) => typeof member(value, name) === type;
  const holds =
    of("addEventListener", "function") &&
    of("removeEventListener", "function") &&
    of("aborted", "boolean");
  return checked(value, holds, "must be an AbortSignal");
};

const environment = (value) => {
  if (value === "production") return {};
  const rule = 'must be "production", { sandboxPort } or { baseUrl, tokenUrl? }';
  checked(value, typeof value === "object", rule);
  const given = members(value, "environment", "environment.", {
    sandboxPort: port,
    baseUrl: text,
    tokenUrl: text,
  });
  const { sandboxPort, baseUrl, tokenUrl } = given;
  const one = (sandboxPort === undefined) !== (baseUrl === undefined);
  return checked(given, one && !(sandboxPort && tokenUrl !== undefined), rule);
};

const callback = (value) => checked(value, typeof value === "function", "must be a function");

const port = (value) =>
  checked(value, count(value) > 0 && value < 2 ** 16, "must be a port from 1 to 65535");

const LIMITS = { timeoutMs: milliseconds, deadlineMs: milliseconds, maxRetries: count };
const CLIENT = {
  clientId: text,
  clientSecret: text,
  scopes,
  accessToken: (value) =>
    typeof value === "function"
      ? value
      : checked(value, typeof value === "string", "must be a string or a function"),
  environment,
  ...LIMITS,
  onConflict,
  fetch: callback,
  backoffMs: milliseconds,
  pollIntervalMs: milliseconds,
  maxBodyBytes: (value) => checked(value, count(value) > 0, "must be more than zero"),
  maxKeyAgeMs: milliseconds,
  userAgent: text,
};
const READ = { ...LIMITS, accessToken: text, signal };
const READS = {
  "payments.wait": { ...READ, accepted: flag },
  "transactions.stream": { ...READ, onUnreadable: callback },
};
const WRITE = {
  ...READ,
  idempotencyKey: text,
  resumeFrom: moment,
  onConflict,
  authDate: httpDate,
};

const IDS = {
  "balances.get": "accountId",
  "payments.get": "paymentId",
  "payments.wait": "paymentId",
};
const FILTERED = { "transactions.list": true, "transactions.stream": true };
const FILTER = { accountId: text, postedSince: day };

// An account at another bank.
const PARTY = { name: { needed: text }, bankId: { needed: text }, accountNumber: { needed: text } };
const beneficiaryDetails = (details) =>
  members(details, "beneficiaryDetails", "beneficiaryDetails.", PARTY);

// Members beyond the three are what the bank agreed on with its client: JSON as it is.
const recipientDetails = (details) => {
  const what = "recipientDetails";
  const record = members(details, what, `${what}.`, PARTY, true);
  const own = Object.create(null);
  for (const name of keys(details, what)) {
    if (Object.hasOwn(PARTY, name)) continue;
    // With two of them, each side may read another one.
    if (name === "bank_id" || name === "account_number") {
      throw new Wrong(`${what}.${name}`, "is not known here; there are bankId, accountNumber");
    }
    try {
      const json = details[name] === undefined ? undefined : JSON.stringify(details[name]);
      // A lone surrogate is written as `\ud…`.
      if (/(^|[^\\])(\\\\)*\\ud/.test(json)) throw json;
      if (details[name] !== undefined) own[name] = JSON.parse(json);
    } catch {
      throw new Wrong(`${what}.${name}`, "cannot be written as JSON");
    }
  }
  return { ...record, ...own };
};

const WRITES = {
  "payments.createAch": {
    sourceAccountId: { needed: text },
    destinationAccountId: text,
    recipientDetails,
    amount: { needed: amount },
    effectiveDate: day,
    referenceId: text,
  },
  "payments.createWire": {
    sourceAccountId: { needed: text },
    beneficiaryDetails: { needed: beneficiaryDetails },
    amount: { needed: amount },
    referenceCode: { needed: text },
  },
  "transfers.create": {
    fromAccountId: { needed: text },
    toAccountId: { needed: text },
    amount: { needed: amount },
  },
  "positivePay.createIssue": {
    issueId: text,
    accountId: { needed: text },
    checkNumber: { needed: text },
    amount: { needed: amount },
    issueDate: { needed: day },
  },
};

// An ACH payment goes to an account or to a recipient.
function oneDestination(request) {
  if (!("sourceAccountId" in request) || "beneficiaryDetails" in request) return request;
  const { destinationAccountId, recipientDetails } = request;
  if ((destinationAccountId === undefined) === (recipientDetails === undefined)) {
    const rule = recipientDetails
      ? "and recipientDetails must not both be given"
      : "or recipientDetails must be given";
    throw new Wrong("destinationAccountId", rule);
  }
  return request;
}
