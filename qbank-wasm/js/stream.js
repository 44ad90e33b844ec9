// A list while it arrives: chunks of the response go to the machine, its items come out.

import { Stop, drive, outcome } from "./drive.js";
import { member } from "./exchange.js";

/**
 * The list that `made` calls for. `open` gives the head of its response, and `items` what is
 * in it, one after the other. The memory is that of a chunk: nothing is read before the
 * items of the last one are taken. What goes wrong is thrown as `failure` has it.
 */
export function stream(made, supplies, failure) {
  const stop = new Stop(made.signal);
  let ended = false;
  const end = () => {
    if (ended) return;
    ended = true;
    stop.abort?.();
    stop.end();
    made.end();
  };
  let opened;
  const open = () =>
    (opened ??= drive(made, supplies, stop).catch((thrown) => {
      end();
      throw failure(thrown);
    }));
  const items = iterate(open, made, stop, failure, end);
  const iterator = {
    next: () => items.next(),
    // What is being read is called off, and not waited for.
    async return(value) {
      stop.now();
      const last = await items.return(value);
      // It may not have begun.
      end();
      return last;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  return { open, items: iterator };
}

async function* iterate(open, made, stop, failure, end) {
  await open();
  try {
    for (let more = true; more; ) {
      const { chunk, broken } = await next(stop);
      more = chunk !== undefined;
      const { items, failed } = made.call.items(chunk, broken);
      yield* items;
      outcome({ failed }, made);
    }
  } catch (thrown) {
    throw failure(thrown);
  } finally {
    end();
  }
}

async function next(stop) {
  try {
    const read = (async () => ({ chunk: await stop.read() }))();
    return (await stop.unless(read)) ?? { broken: "it was called off" };
  } catch (thrown) {
    return { broken: member(thrown, "message") ?? String(thrown) };
  }
}
