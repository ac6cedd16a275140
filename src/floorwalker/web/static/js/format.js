// Figures and times as people read them. A missing figure is a dash, never a zero.
export const MISSING = "–";
const LOCALE = "en-GB";
const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

/** A count or measured number with at most one decimal. */
export function number(value) {
  return isNumber(value) ? value.toLocaleString(LOCALE, { maximumFractionDigits: 1 }) : MISSING;
}

/** A share (0 to 1) in percent. */
export function percent(value) {
  return isNumber(value) ? `${(value * 100).toLocaleString(LOCALE, { maximumFractionDigits: 1 })} %` : MISSING;
}

/** A figure that is in percent already. */
export function percentPoints(value) {
  return isNumber(value) ? percent(value / 100) : MISSING;
}

/** Milliseconds as `45 s` or `3 min 05 s` or `2 h 10 min`. */
export function duration(ms) {
  if (!isNumber(ms)) return MISSING;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

function inZone(iso, zone, options) {
  const moment = new Date(iso);
  if (iso === null || iso === undefined || Number.isNaN(moment.getTime())) return MISSING;
  return new Intl.DateTimeFormat(LOCALE, { timeZone: zone, hourCycle: "h23", ...options }).format(moment);
}

/** The time of day in the store's zone. */
export function clock(iso, zone) {
  return inZone(iso, zone, { hour: "2-digit", minute: "2-digit" });
}

/** Day and time in the store's zone. */
export function dayAndClock(iso, zone) {
  return inZone(iso, zone, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
}

/** A store's local day (`2026-03-03`) as `Tuesday 3 March 2026`. */
export function dayName(day, options = { weekday: "long", day: "numeric", month: "long", year: "numeric" }) {
  return inZone(`${day}T12:00:00Z`, "UTC", options).replace(",", "");
}

/** `BILLING_QUEUE_SPIKE` as `Billing queue spike`. */
export function words(name) {
  const text = String(name).replaceAll(/[_-]/g, " ").toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `1 visit`, `2 visits`. */
export function count(value, one, many = `${one}s`) {
  return `${number(value)} ${value === 1 ? one : many}`;
}
