// How far it is to the moments that matter to a bank (UTC), in whole seconds.

const QUARTER = 15 * 60;
const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;

export function secondsTo(moment, bank) {
  const nowMs = bank.now;
  const isMonday = (ms) => new Date(ms).getUTCDay() === 1;
  switch (moment) {
    case "quarter":
      return QUARTER;
    case "evening":
      return until(nowMs, 17, () => true);
    case "morning":
      return until(nowMs, 9, (ms) => bank.isBankDay(ms));
    case "monday":
      return until(nowMs, 9, isMonday);
    default:
      throw new RangeError(`no moment is called ${moment}`);
  }
}

/** To the next time that it is `hour` o'clock on a day that is wanted. */
function until(nowMs, hour, wanted) {
  let then = Math.floor(nowMs / DAY) * DAY + hour * HOUR;
  while (then <= nowMs || !wanted(then)) then += DAY;
  return Math.ceil((then - nowMs) / 1000);
}

const FORMAT = new Intl.DateTimeFormat("en-GB", {
  weekday: "short",
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
  timeZone: "UTC",
});

/** "Mon 5 Jan, 14:00 UTC". */
export function written(ms) {
  const parts = Object.fromEntries(
    FORMAT.formatToParts(new Date(ms)).map(({ type, value }) => [type, value]),
  );
  return `${parts.weekday} ${parts.day} ${parts.month}, ${parts.hour}:${parts.minute} UTC`;
}
