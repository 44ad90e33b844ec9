// Every typo and wrong value in a payment that the tests of input.test.mjs make.
import { badText, each, hostile, noDay, noObject, noText, noUuid, throwing, without } from "./bad.mjs";
import { ACH, FROM, ISSUE, KEY, PARTY, PAYMENT, TRANSFER, WIRE } from "./bank.mjs";

// `[what is wrong, the member named, the call]`.
export const BAD = [];
const bad = (what, field, call) => BAD.push([what, field, call]);
const onAch = (request) => (client, options) => client.payments.createAch(request, options);
const onWire = (request) => (client, options) => client.payments.createWire(request, options);
const onTransfer = (request) => (client, options) => client.transfers.create(request, options);
const onIssue = (request) => (client, options) => client.positivePay.createIssue(request, options);

for (const [name, on] of [
  ["createAch", onAch],
  ["createWire", onWire],
  ["transfer", onTransfer],
  ["createIssue", onIssue],
]) {
  each(noObject, (it, shown) => bad(`${name} of ${shown}`, "request", on(it)));
  bad(`${name} of a proxy that will not be read`, "request", on(hostile("ownKeys")));
}
each(noUuid, (it, shown) => {
  bad(`ACH from ${shown}`, "sourceAccountId", onAch({ ...ACH, sourceAccountId: it }));
  bad(`ACH to ${shown}`, "destinationAccountId", onAch({ ...ACH, destinationAccountId: it }));
  bad(`a wire from ${shown}`, "sourceAccountId", onWire({ ...WIRE, sourceAccountId: it }));
  bad(`a transfer from ${shown}`, "fromAccountId", onTransfer({ ...TRANSFER, fromAccountId: it }));
  bad(`a transfer to ${shown}`, "toAccountId", onTransfer({ ...TRANSFER, toAccountId: it }));
  bad(`an issue on ${shown}`, "accountId", onIssue({ ...ISSUE, accountId: it }));
  bad(`an issue named ${shown}`, "issueId", onIssue({ ...ISSUE, issueId: it }));
});
for (const name of Object.keys(ACH)) {
  bad(`ACH without ${name}`, name, onAch(without(ACH, name)));
  bad(`ACH with ${name} throwing`, name, onAch(throwing(name, without(ACH, name))));
}
for (const name of Object.keys(WIRE))
  bad(`a wire without ${name}`, name, onWire(without(WIRE, name)));
for (const name of Object.keys(TRANSFER))
  bad(`a transfer without ${name}`, name, onTransfer(without(TRANSFER, name)));
for (const name of Object.keys(ISSUE))
  bad(`an issue without ${name}`, name, onIssue(without(ISSUE, name)));
bad("both destinations", "destinationAccountId", onAch({ ...ACH, recipientDetails: PARTY }));
bad("a transfer to its own account", "toAccountId", onTransfer({ ...TRANSFER, toAccountId: FROM }));
each(noDay, (it, shown) => {
  bad(`effective on ${shown}`, "effectiveDate", onAch({ ...ACH, effectiveDate: it }));
  bad(`issued on ${shown}`, "issueDate", onIssue({ ...ISSUE, issueDate: it }));
});
each([...noText, ...badText.slice(2)], (it, shown) => {
  bad(`a reference id of ${shown}`, "referenceId", onAch({ ...ACH, referenceId: it }));
});
each([...noText, ...badText], (it, shown) => {
  bad(`a reference code of ${shown}`, "referenceCode", onWire({ ...WIRE, referenceCode: it }));
  bad(`a check number of ${shown}`, "checkNumber", onIssue({ ...ISSUE, checkNumber: it }));
  for (const name of ["name", "accountNumber", "bankId"]) {
    const party = { ...PARTY, [name]: it };
    bad(
      `a beneficiary's ${name} of ${shown}`,
      `beneficiaryDetails.${name}`,
      onWire({ ...WIRE, beneficiaryDetails: party }),
    );
    bad(
      `a recipient's ${name} of ${shown}`,
      `recipientDetails.${name}`,
      onAch({ sourceAccountId: FROM, recipientDetails: party, amount: 1 }),
    );
  }
});
const recipient = (recipientDetails) =>
  onAch({ sourceAccountId: FROM, recipientDetails, amount: 1 });
const beneficiary = (beneficiaryDetails) => onWire({ ...WIRE, beneficiaryDetails });
each(noObject.slice(2), (it, shown) => {
  bad(`recipientDetails of ${shown}`, "recipientDetails", recipient(it));
  bad(`beneficiaryDetails of ${shown}`, "beneficiaryDetails", beneficiary(it));
});
for (const bankId of ["021000022", "02100002", "0210000210", "02100002a", "02100 021"]) {
  bad(`a routing number ${bankId}`, "beneficiaryDetails.bankId", beneficiary({ ...PARTY, bankId }));
  bad(`a recipient at ${bankId}`, "recipientDetails.bankId", recipient({ ...PARTY, bankId }));
}
for (const name of Object.keys(PARTY)) {
  bad(
    `a beneficiary without ${name}`,
    `beneficiaryDetails.${name}`,
    beneficiary(without(PARTY, name)),
  );
  bad(`a recipient without ${name}`, `recipientDetails.${name}`, recipient(without(PARTY, name)));
  bad(
    `a beneficiary's ${name} throwing`,
    `beneficiaryDetails.${name}`,
    beneficiary(throwing(name, PARTY)),
  );
}
bad(
  "a beneficiary with more",
  "beneficiaryDetails.bankName",
  beneficiary({ ...PARTY, bankName: "x" }),
);
for (const name of ["bank_id", "account_number"]) {
  bad(
    `a recipient with ${name} as well`,
    `recipientDetails.${name}`,
    recipient({ ...PARTY, [name]: "9" }),
  );
}
const cycle = {};
cycle.again = cycle;
for (const [what, memo] of [
  ["a bigint", 1n],
  ["a function", () => 1],
  ["a Symbol", Symbol("x")],
  ["a cycle", cycle],
  ["a lone surrogate", "\ud800"],
  [
    "a throwing toJSON",
    {
      toJSON() {
        throw new Error("no");
      },
    },
  ],
]) {
  bad(
    `a recipient's own member that is ${what}`,
    "recipientDetails.memo",
    recipient({ ...PARTY, memo }),
  );
}
// Typos: what is not known is refused, not ignored.
for (const typo of [
  "refrenceId",
  "reference_id",
  "amountt",
  "Amount",
  "currency",
  "destinationAccountID",
  "idempotencyKey",
  "__proto__x",
]) {
  bad(`ACH with ${typo}`, typo, onAch({ ...ACH, [typo]: "x" }));
}
bad("a typo that is undefined", "refrenceId", onAch({ ...ACH, refrenceId: undefined }));

for (const typo of [
  "idempotencykey",
  "idempotency_key",
  "IdempotencyKey",
  "key",
  "resumefrom",
  "timeout",
  "retries",
  "maxRetry",
  "onconflict",
]) {
  bad(`the option ${typo}`, typo, (client) => client.payments.createAch(ACH, { [typo]: KEY }));
}
const option = (name, it) => (client, options) =>
  client.payments.createAch(ACH, { ...options, [name]: it });
// An empty column of a database.
bad("an idempotencyKey of null", "idempotencyKey", option("idempotencyKey", null));
each(
  [
    ...noUuid,
    KEY.replace(/-4/, "-1"),
    KEY.replace("-8a4b", "-ca4b"),
    `"${KEY}"`,
    PAYMENT.replace("-4a8e", "-5a8e"),
  ],
  (it, shown) =>
    bad(`an idempotencyKey of ${shown}`, "idempotencyKey", option("idempotencyKey", it)),
);
each(
  [0, -1, NaN, Infinity, -Infinity, "1000", 5n, {}, true, Symbol("s"), 2 ** 54, 0.0001],
  (it, shown) => {
    bad(`a timeoutMs of ${shown}`, "timeoutMs", option("timeoutMs", it));
    bad(`a deadlineMs of ${shown}`, "deadlineMs", option("deadlineMs", it));
  },
);
each([-1, 0.5, NaN, Infinity, "2", 2n, {}, true, 2 ** 32], (it, shown) =>
  bad(`maxRetries of ${shown}`, "maxRetries", option("maxRetries", it)),
);
each(["", "Follow", "follow_own", 1, true, {}], (it, shown) =>
  bad(`onConflict of ${shown}`, "onConflict", option("onConflict", it)),
);
each(["", "a b\n", "tok\0en", "tökén", 5, {}, Promise.resolve("t"), () => "t"], (it, shown) =>
  bad(`an accessToken of ${shown}`, "accessToken", option("accessToken", it)),
);
each(["", "yesterday", "2026-01-05", 5, {}, new Date(NaN), new Date(8.64e15)], (it, shown) =>
  bad(`an authDate of ${shown}`, "authDate", option("authDate", it)),
);
each(
  [
    5,
    "x",
    {},
    new AbortController(),
    [],
    { addEventListener() {} },
    { aborted: false, addEventListener() {} },
    throwing("aborted", { addEventListener() {}, removeEventListener() {} }),
  ],
  (it, shown) => bad(`a signal of ${shown}`, "signal", option("signal", it)),
);
for (const name of [
  "idempotencyKey",
  "timeoutMs",
  "deadlineMs",
  "maxRetries",
  "onConflict",
  "accessToken",
  "authDate",
  "signal",
]) {
  bad(`the option ${name} throwing`, name, (client) =>
    client.payments.createAch(ACH, throwing(name)),
  );
}
each(noObject.slice(2), (it, shown) =>
  bad(`options of ${shown}`, "options", (client) => client.payments.createAch(ACH, it)),
);
bad("options that will not be read", "options", (client) =>
  client.payments.createAch(ACH, hostile("ownKeys")),
);
