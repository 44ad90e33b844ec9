// Not an example: pays from an edge worker, for the test beside it.
import { QBankConnectClient, QBankError } from "@qbank/connect";

// One for all events: they share its token.
let client;
const connect = (env) =>
  (client ??= new QBankConnectClient({
    clientId: "sandbox",
    clientSecret: "sandbox-secret",
    environment: { baseUrl: env.BANK },
  }));

// Where a worker gives neither randomness nor requests.
const outside = new QBankConnectClient({
  accessToken: "a-ready-made-token",
  environment: { sandboxPort: 9 },
})
  .accounts.list()
  .catch(({ kind, fate }) => ({ kind, fate }));

export default {
  async fetch(request, env) {
    if (request.url.endsWith("/outside")) return Response.json(await outside);
    const order = await request.json();
    try {
      const { data, fate, attempts } =
        await connect(env).withRawResponse.payments.createAch(order);
      return Response.json({ ...data, fate, attempts });
    } catch (error) {
      if (!(error instanceof QBankError)) throw error;
      return Response.json({ kind: error.kind, fate: error.fate, field: error.field });
    }
  },
};
