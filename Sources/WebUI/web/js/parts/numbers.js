// Numbers for people. What is not known is a dash, never a zero.

const UNKNOWN = "–";
const SIZES = ["B", "kB", "MB", "GB", "TB"];

/** 1284 → "1,284" */
export const count = (number) => number.toLocaleString("en-GB");

/** counted(1, "failure") → "1 failure", counted(2, "failure") → "2 failures" */
export function counted(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** A part of a whole: "4.2%"; a little is never shown as nothing. */
export function percent(part, whole) {
  if (whole === 0) return UNKNOWN;
  const share = (part / whole) * 100;
  if (part > 0 && share < 0.1) return "< 0.1%";
  return `${share.toFixed(share < 10 && part > 0 ? 1 : 0)}%`;
}

/** "< 1 ms", "240 ms", "1.3 s", "2 min" */
export function milliseconds(value) {
  if (value === null || value === undefined) return UNKNOWN;
  if (value < 1) return "< 1 ms";
  if (value < 1000) return `${value} ms`;
  if (value < 60_000) return `${(value / 1000).toFixed(value < 10_000 ? 2 : 1)} s`;
  return `${Math.floor(value / 60_000)} min ${Math.round((value % 60_000) / 1000)} s`;
}

/** 1834000000 → "1.8 GB" */
export function bytes(value) {
  if (value === null || value === undefined) return UNKNOWN;
  let amount = value;
  let size = 0;
  while (amount >= 1000 && size < SIZES.length - 1) {
    amount /= 1000;
    size += 1;
  }
  return `${amount.toFixed(size > 0 && amount < 10 ? 1 : 0)} ${SIZES[size]}`;
}
