// An edge worker: takes its order from the request.
import { pay } from "./pay.js";

export default {
  async fetch(request) {
    try {
      return Response.json(await pay(await request.json()));
    } catch (error) {
      return new Response(String(error?.stack ?? error), { status: 500 });
    }
  },
};
