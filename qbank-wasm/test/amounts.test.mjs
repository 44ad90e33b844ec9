// Dollars: exact on the way out, exact on the way in.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ACH,
  accepted,
  clientOf,
  failure,
  FROM,
  ISSUE,
  json,
  PAYMENT,
  TRANSFER,
  WIRE,
} from "./bank.mjs";

const WRITES = [
  ["createAch", (client, amount) => client.payments.createAch({ ...ACH, amount })],
  ["createWire", (client, amount) => client.payments.createWire({ ...WIRE, amount })],
  ["transfer", (client, amount) => client.transfers.create({ ...TRANSFER, amount })],
  ["createIssue", (client, amount) => client.positivePay.createIssue({ ...ISSUE, amount })],
];

const SENT = [
  ["1000.50", "1000.50"],
  [1000.5, "1000.50"],
  ["1000.5", "1000.50"],
  ["1000.500000", "1000.50"],
  ["1", "1.00"],
  [1, "1.00"],
  [0.01, "0.01"],
  ["0.01", "0.01"],
  [0.1, "0.10"],
  [0.3, "0.30"],
  [1.1, "1.10"],
  [4.35, "4.35"],
  [8.2, "8.20"],
  [1.005e3, "1005.00"],
  [16777217.01, "16777217.01"],
  [1e13, "10000000000000.00"],
  [70368744177663.99, "70368744177663.99"],
  ["90071992547409.93", "90071992547409.93"],
  ["92233720368547758.07", "92233720368547758.07"],
];

for (const [given, sent] of SENT) {
  test(`${JSON.stringify(given)} goes out as ${sent}`, async () => {
    for (const [, write] of WRITES) {
      const { client, calls } = clientOf((call) =>
        /wire|transfers/.test(call.url) ? json(201, { paymentId: PAYMENT }) : accepted(),
      );
      await write(client, given);
      assert.match(calls[0].text, new RegExp(`"amount":${sent.replace(".", "\\.")}[,}]`));
    }
  });
}

const REFUSED = [
  ["the sum of 0.1 and 0.2", 0.1 + 0.2],
  ["a number with three decimals", 1.005],
  ["a string with three decimals", "1.005"],
  ["NaN", NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
  ["1e21", 1e21],
  ["1e-7", 1e-7],
  ["a negative number", -1],
  ["a negative string", "-1"],
  ["0", 0],
  ["-0", -0],
  ['"0"', "0"],
  ['"0.00"', "0.00"],
  ['"-0"', "-0"],
  ["an exponent in a string", "1e3"],
  ["an upper-case exponent", "1E3"],
  ["an empty string", ""],
  ["a space", " "],
  ["a leading space", " 1"],
  ["a trailing newline", "1\n"],
  ["a plus", "+1"],
  ["a leading zero", "01"],
  ["a leading point", ".5"],
  ["a trailing point", "5."],
  ["thousands", "1,000.00"],
  ["a decimal comma", "1000,50"],
  ["a currency", "$5"],
  ["hexadecimal", "0x10"],
  ["an underscore", "1_000"],
  ["two points", "1.0.0"],
  ["words", "NaN"],
  ["Arabic digits", "١٠"],
  ["fullwidth digits", "１０"],
  ["a lone surrogate", "1\ud800"],
  ["a NUL", "1\0"],
  ["a bigint", 10n],
  ["true", true],
  ["a Number object", new Number(5)],
  ["a String object", new String("5")],
  ["an object with toString", { toString: () => "5" }],
  ["an object with valueOf", { valueOf: () => 5 }],
  ["an object with toJSON", { toJSON: () => 5 }],
  ["an array", ["5"]],
  ["a function", () => "5"],
  ["a Symbol", Symbol("5")],
  ["null", null],
  ["undefined", undefined],
  // It is the same number as …09.9.
  ["a number whose neighbour is more than a cent away", 90071992547409.91],
  ["the first number that is not exact to the cent", 2 ** 46],
  ["a number beyond safe integers", 2 ** 53],
  ["a string beyond what can be held", "92233720368547758.08"],
  ["a hundred thousand digits", "9".repeat(100_000)],
  ["a hundred thousand decimals", `1.${"0".repeat(99_999)}1`],
];

for (const [what, given] of REFUSED) {
  test(`${what} is no amount`, async () => {
    for (const [name, write] of WRITES) {
      const { client, calls } = clientOf(accepted);
      const error = await failure(write(client, given));
      assert.equal(error.name, "InvalidRequestError", name);
      assert.equal(error.kind, "invalid_input");
      assert.equal(error.field, "amount");
      assert.match(error.message, /^(\w+ [^ ]+: )?amount /);
      assert.equal(error.fate, "never_sent");
      assert.ok(error.message.length < 400, "the message repeats no huge input");
      assert.equal(calls.length, 0);
    }
  });
}

test("amounts that are read keep their digits, and always have two decimals", async () => {
  const numbers = {
    10.1: "10.10",
    "1e3": "1000.00",
    "-0.50": "-0.50",
    0: "0.00",
    "90071992547409.93": "90071992547409.93",
    "-92233720368547758.07": "-92233720368547758.07",
    '"12.00"': "12.00",
    0.1: "0.10",
    "1000.500": "1000.50",
  };
  for (const [number, read] of Object.entries(numbers)) {
    const body = `{"accountId":"${FROM}","availableBalance":${number},"currentBalance":${number}}`;
    const { client } = clientOf(() => new Response(body));
    const balance = await client.balances.get(FROM);
    assert.equal(balance.availableBalance, read);
    assert.equal(balance.currentBalance, read);
  }
});

test("both spellings of a member, values not yet known and members not known are all read", async () => {
  const { client } = clientOf(() =>
    json(200, [
      { account_id: FROM, friendly_name: "Main", account_type: "Escrow", later: { a: 1 } },
      { accountId: FROM },
    ]),
  );
  const [one, bare] = await client.accounts.list();
  assert.deepEqual(one, { accountId: FROM, accountName: "Main", accountType: "Escrow" });
  assert.deepEqual(bare, { accountId: FROM });
});
