// Opens the bank, gives the library a way to it, and puts the parts of the page together.

import { QBankConnectClient, verifyWebhook } from "../pkg/index.js";
import { Accounts } from "./accounts.js";
import { openBank } from "./bank.js";
import { broken } from "./boot.js";
import { written } from "./calendar.js";
import { PaymentFlow } from "./flow.js";
import { byId, say } from "./dom.js";
import { Faults } from "./faults.js";
import { Form } from "./form.js";
import { Hooks } from "./hooks.js";
import { LedgerView } from "./ledger.js";
import { Log } from "./log.js";
import { network } from "./network.js";
import { Outcome } from "./outcome.js";
import { Payments } from "./payments.js";

/** Nobody can reach this host: every request goes to the bank in the page. */
const BASE_URL = "https://bank.invalid/v1";
const TICK_MS = 500;
/** Less patient than the library's own defaults: somebody is watching. */
const PATIENCE = { timeoutMs: 2500, deadlineMs: 20_000 };

export async function open() {
  const bank = await openBank(1);
  const log = new Log();
  const client = new QBankConnectClient({
    clientId: "sandbox",
    clientSecret: "sandbox-secret",
    environment: { baseUrl: BASE_URL },
    fetch: network(bank, (exchange) => log.report(exchange)),
    ...PATIENCE,
  });

  const act = (action) => (intent) => action(intent).catch(broken);
  const flow = new PaymentFlow({
    bank,
    client,
    log,
    faults: new Faults(bank),
    form: new Form(act(() => flow.pay())),
    outcome: new Outcome({
      again: act((intent) => flow.again(intent)),
      ask: act((intent) => flow.ask(intent)),
    }),
    payments: new Payments({ again: act((intent) => flow.again(intent)) }),
    accounts: new Accounts(),
    ledger: new LedgerView(bank),
    hooks: new Hooks(bank, verifyWebhook),
  });
  keepTime(bank, flow);
  await flow.open();
  byId("main").dataset.ready = "true";
}

function keepTime(bank, flow) {
  const tick = () => {
    say(byId("fact-clock"), written(bank.now));
    flow.receiveDue().catch(broken);
  };
  tick();
  setInterval(tick, TICK_MS);
}
