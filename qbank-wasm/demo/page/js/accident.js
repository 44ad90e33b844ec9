// What a wire does to an answer: the bank says which accident, this performs it.

import { pause } from "./pause.js";

/** A truncated answer without a body promised this many bytes. */
const EMPTY_PROMISE = 64;
const CHUNKS_PER_S = 10;

/** Throws, waits, or gives the answer a `stream(signal, ended)` to be read instead of its body. */
export async function accident(answer, signal) {
  switch (answer.fault) {
    case undefined:
      return;
    case "close_without_answer":
    case "close_before_reading":
      throw new TypeError("the connection was closed");
    case "delay":
      await pause(answer.faultValue, signal);
      return;
    case "truncate":
      answer.stream = (_, ended) => cutOff(answer, ended);
      return;
    case "slow":
      answer.stream = (until, ended) => dropByDrop(answer, until, ended);
      return;
    default:
      throw new TypeError("the connection was lost");
  }
}

function cutOff(answer, ended) {
  const length = answer.body.length || EMPTY_PROMISE;
  answer.headers.push(["content-length", String(length)]);
  let sent = false;
  return new ReadableStream({
    pull(controller) {
      if (!sent && answer.body.length > 1) {
        sent = true;
        controller.enqueue(answer.body.slice(0, answer.body.length / 2));
        return;
      }
      ended("cut_off");
      controller.error(new TypeError("the connection was closed"));
    },
  });
}

function dropByDrop(answer, signal, ended) {
  const size = Math.max(1, Math.round(answer.faultValue / CHUNKS_PER_S));
  let at = 0;
  return new ReadableStream({
    async pull(controller) {
      try {
        await pause((1000 * size) / answer.faultValue, signal);
      } catch (reason) {
        ended("gave_up");
        controller.error(reason);
        return;
      }
      controller.enqueue(answer.body.slice(at, at + size));
      at += size;
      if (at >= answer.body.length) {
        ended("answer");
        controller.close();
      }
    },
  });
}
