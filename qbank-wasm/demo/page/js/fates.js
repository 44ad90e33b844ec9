// A fate in words: what became of the money, and what to do next.

export const FATES = {
  accepted: {
    title: "Accepted",
    text: "The bank has it, and the money moved once.",
    next: "Nothing to do. Let time pass to see it settle, or send it again with the same key: nothing moves twice.",
  },
  in_progress: {
    title: "In progress",
    text: "The bank already has a payment with this key and is working on it.",
    next: "Do not pay again. Ask where it is; a new key would be a second payment.",
  },
  unknown: {
    title: "Unknown",
    text: "The money may have moved, or not: no answer that can be believed came back.",
    next: "Send it again with the same key. If the bank has it, nothing moves twice; if not, it moves now. “Send payment” would draw a new key, and could pay twice.",
  },
  refused: {
    title: "Refused",
    text: "The bank said no. No money moved, and nothing is in doubt.",
    next: "Read why, correct it, and send a new payment.",
  },
  never_sent: {
    title: "Never sent",
    text: "Nothing left this page. No money moved.",
    next: "Correct what is marked and send again.",
  },
};

/** An accepted payment may have a story: how many attempts it took. */
export function acceptedText(reply) {
  const { attempts = 1, followedConflict } = reply;
  if (attempts < 2) return FATES.accepted.text;
  const found = followedConflict
    ? "The bank answered that it already has this key, and the library found the payment there."
    : "The bank took the same key and the same bytes for the one payment they are.";
  return `It took ${attempts} attempts. ${found} The money moved once.`;
}
