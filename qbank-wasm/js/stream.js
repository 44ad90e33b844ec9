// A list while it arrives: chunks of the response go to the machine, its items come out.

import { Stop, drive, outcome } from "./drive.js";
import { errorOf } from "./errors.js";
import { member } from "./exchange.js";

/**
 * The list that `made` calls for. `open` gives the head of its response, and `items` what is
 * in it, one after the other. The memory is that of a chunk: nothing is read before the
 * items of the last one are taken. What goes wrong is thrown as `failure` has it. An item that
 * cannot be read ends nothing: `made.onUnreadable` gets its error, or it is thrown at the end.
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
  const take = (piece, broken) => {
    try {
      return made.call.items(piece, broken);
    } catch (thrown) {
      throw failure(thrown);
    }
  };
  let first;
  try {
    for (let more = true; more; ) {
      const { chunk, broken } = await next(stop);
      more = chunk !== undefined;
      for (const piece of more ? pieces(chunk) : [chunk]) {
        const { items, unreadable, failed } = take(piece, broken);
        let taken = 0;
        for (const [before, record] of unreadable) {
          yield* items.slice(taken, before);
          taken = before;
          const error = errorOf(record);
          // What it throws is the application's.
          if (made.onUnreadable) await made.onUnreadable(error);
          else first ??= error;
        }
        yield* items.slice(taken);
        outcome({ failed }, made, first);
      }
    }
    if (first) throw first;
  } finally {
    end();
  }
}

// What comes of a chunk can be many times as large: of `{}` it is an error each.
function* pieces(chunk) {
  const most = 1 << 16;
  for (let at = 0; at < chunk.length; at += most) yield chunk.subarray(at, at + most);
}

async function next(stop) {
  try {
    const read = (async () => ({ chunk: await stop.read() }))();
    return (await stop.unless(read)) ?? { broken: "it was called off" };
  } catch (thrown) {
    return { broken: member(thrown, "message") ?? String(thrown) };
  }
}
