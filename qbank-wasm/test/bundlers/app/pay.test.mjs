// For test runners: what was paid goes to a file, since they print what they like.
import { writeFileSync } from "node:fs";
import { pay } from "./pay.js";

test("it pays", async () => {
  writeFileSync("paid.json", JSON.stringify(await pay(JSON.parse(process.env.QBANK_ORDER))));
});
