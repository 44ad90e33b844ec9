// The form: what a person asks for, as the library takes it, and what is wrong with it.

import { byId, el, say } from "./dom.js";
import { grouped } from "./money.js";

const OUTSIDE = "outside";
const HINTS = {
  ach: "Goes out in batches; settles on the next business day.",
  wire: "To another bank, final at once.",
  transfer: "Between your own accounts, final at once.",
};

/** Which field shows what the library says of a member. */
const FIELD_OF = {
  sourceAccountId: "from",
  fromAccountId: "from",
  destinationAccountId: "to",
  toAccountId: "to",
  recipientDetails: "payee",
  name: "payee",
  bankId: "bank-id",
  accountNumber: "account-number",
  amount: "amount",
  referenceId: "reference",
  referenceCode: "reference",
};

export class Form {
  #form = byId("payment");
  #names = new Map();

  constructor(submit) {
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      submit();
    });
    this.#form.addEventListener("change", () => this.#adapt());
    this.#form.addEventListener("input", (event) => this.#clear(event.target));
    this.#adapt();
  }

  get kind() {
    return new FormData(this.#form).get("kind");
  }

  /** The accounts to choose from, once they are known. */
  offer(accounts) {
    const option = ({ accountId, accountName }) => el("option", { value: accountId }, accountName);
    this.#names = new Map(accounts.map(({ accountId, accountName }) => [accountId, accountName]));
    byId("from").replaceChildren(...accounts.map(option));
    byId("to").replaceChildren(
      ...accounts.map(option),
      el("option", { value: OUTSIDE }, "Somebody outside"),
    );
    byId("to").value = accounts[1]?.accountId ?? OUTSIDE;
    this.#adapt();
  }

  /** The request, for the method of its kind, and what to call it. */
  read() {
    const { kind, from, to, payee, bankId, accountNumber, amount, reference } = Object.fromEntries(
      new FormData(this.#form),
    );
    const outside = { name: payee, bankId, accountNumber };
    const toName = kind === "wire" || to === OUTSIDE ? payee : this.#names.get(to);
    const title = `${kindName(kind)} · ${this.#names.get(from)} to ${toName || "nobody"} · ${shown(amount)}`;
    if (kind === "transfer") {
      return { kind, title, amount, request: { fromAccountId: from, toAccountId: to, amount } };
    }
    if (kind === "wire") {
      const request = {
        sourceAccountId: from,
        beneficiaryDetails: outside,
        amount,
        referenceCode: reference,
      };
      return { kind, title, amount, request };
    }
    const destination =
      to === OUTSIDE ? { recipientDetails: outside } : { destinationAccountId: to };
    const request = { sourceAccountId: from, ...destination, amount };
    if (reference) request.referenceId = reference;
    return { kind, title, amount, request };
  }

  /** Shows the library's own words where they belong, and goes there. */
  mark(error) {
    const member = memberOf(error);
    const id = FIELD_OF[member?.split(".").at(-1)];
    const field = id && byId(id);
    if (!field || field.closest("[hidden]")) {
      say(byId("form-error"), error.message);
      return;
    }
    say(byId(`${id}-error`), readable(error, member));
    field.setAttribute("aria-invalid", "true");
    field.focus();
  }

  unmark() {
    for (const field of this.#form.querySelectorAll("[aria-invalid]")) this.#clear(field);
    say(byId("form-error"), "");
  }

  #clear(field) {
    field.removeAttribute("aria-invalid");
    const error = field.id && byId(`${field.id}-error`);
    if (error) say(error, "");
  }

  #adapt() {
    const { kind } = this;
    const toOutside = kind === "wire" || (kind === "ach" && byId("to").value === OUTSIDE);
    const option = byId("to").querySelector(`[value=${OUTSIDE}]`);
    if (option) option.disabled = kind === "transfer";
    if (kind === "transfer" && byId("to").value === OUTSIDE) byId("to").selectedIndex = 1;
    for (const part of this.#form.querySelectorAll("[data-for]")) {
      const wanted = part.dataset.for.split(" ");
      part.hidden = !(wanted.includes(kind) || (wanted.includes(OUTSIDE) && toOutside));
    }
    say(byId("kind-hint"), HINTS[kind]);
  }
}

export const kindName = (kind) =>
  ({ ach: "ACH", wire: "Wire", transfer: "Transfer" })[kind] ?? kind;

function shown(amount) {
  try {
    return grouped(amount);
  } catch {
    return amount || "no amount";
  }
}

function memberOf(error) {
  return (
    error.field ??
    Object.keys(FIELD_OF).find((name) => new RegExp(`(^|[ .])${name}\\b`).test(error.message))
  );
}

/**
 * The rule alone, "Must be more than zero": the field has its label, and the outcome
 * says what to do.
 */
function readable({ message }, member) {
  const start = message.indexOf(member);
  const rule = start < 0 ? message : message.slice(start + member.length).trim();
  const text = rule.split(";")[0] || message;
  return text.charAt(0).toUpperCase() + text.slice(1);
}
