// A page: takes its order from the address, and writes down what came of it.
import { pay } from "./pay.js";

pay(JSON.parse(decodeURIComponent(location.hash.slice(1)))).then(
  (paid) => (document.body.dataset.paid = JSON.stringify(paid)),
  (error) => (document.body.dataset.failed = String(error?.stack ?? error)),
);
