// A program: takes its order from the environment, prints what came of it.
import { pay } from "./pay.js";

pay(JSON.parse(process.env.QBANK_ORDER)).then(
  (paid) => console.log(JSON.stringify(paid)),
  (error) => {
    console.error(error);
    process.exitCode = 1;
  },
);
