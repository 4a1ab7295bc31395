// Whether the server can be reached, and how far this computer's clock is from the server's.

const RETRY_SECONDS = [1, 2, 4, 8, 15];
/** The Date header has whole seconds and travels; less than this is no difference. */
const SKEW_SECONDS_MIN = 5;

const listeners = new Set();
let isLost = false;
let attempt = 0;
let skewMilliseconds = 0;

/** Calls `listener(isLost)` at each change. Answers a function that ends it. */
export function onChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Now, by the server's clock: what times in answers are compared with. */
export function serverNow() {
  return Date.now() + skewMilliseconds;
}

/** An answer arrived, whatever it says. */
export function reached(date) {
  const skew = date ? Date.parse(date) - Date.now() : 0;
  skewMilliseconds = Math.abs(skew) > SKEW_SECONDS_MIN * 1000 ? skew : 0;
  attempt = 0;
  change(false);
}

/** A request got no answer. From now on `/health` is asked until there is one. */
export function lost() {
  if (isLost) return;
  change(true);
  waitAndAsk();
}

function change(value) {
  if (isLost === value) return;
  isLost = value;
  for (const listener of listeners) listener(isLost);
}

function waitAndAsk() {
  const seconds = RETRY_SECONDS[Math.min(attempt, RETRY_SECONDS.length - 1)];
  attempt += 1;
  setTimeout(async () => {
    if (!isLost) return;
    try {
      const answer = await fetch("/health", { cache: "no-store" });
      reached(answer.headers.get("Date"));
    } catch {
      waitAndAsk();
    }
  }, seconds * 1000);
}

addEventListener("offline", () => lost());
