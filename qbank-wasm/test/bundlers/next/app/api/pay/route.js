// A route of the app router, on Node.
import { pay } from "../../../pay.js";

export async function POST(request) {
  try {
    return Response.json(await pay(await request.json()));
  } catch (error) {
    return new Response(String(error?.stack ?? error), { status: 500 });
  }
}
