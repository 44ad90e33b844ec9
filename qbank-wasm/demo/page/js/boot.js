// Starts the page, and says so if it cannot be started.

import { byId, say } from "./dom.js";

/** Something in the page itself is wrong: that is said, not hidden. */
export function broken(error) {
  say(byId("broken"), `This page does not work here: ${error?.message ?? error}`);
  byId("broken").hidden = false;
}

import("./main.js").then(({ open }) => open()).catch(broken);
