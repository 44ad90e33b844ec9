// Not an example: pays from an edge worker, for the test beside it.
import { QBankConnectClient, QBankError } from "@qbank/connect";

// Made once, when the worker starts, where a worker may do no I/O.
let client;
const connect = (env) =>
  (client ??= new QBankConnectClient({
    clientId: "sandbox",
    clientSecret: "sandbox-secret",
    environment: { baseUrl: env.BANK },
  }));

export default {
  async fetch(request, env) {
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
