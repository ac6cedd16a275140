// The day picker: only days that have data, the latest first.
import { dayName } from "./format.js";

/** Whether the server knows a text as a day. */
function isDay(text) {
  const moment = /^\d{4}-\d{2}-\d{2}$/.test(text) ? new Date(`${text}T12:00:00Z`) : new Date(NaN);
  const year = moment.getUTCFullYear();
  return year >= 1971 && year <= 9997 && moment.toISOString().startsWith(text);
}

/**
 * Wire the picker; the chosen day is kept in the page's address.
 * @param {HTMLSelectElement} select - of the days.
 * @param {HTMLButtonElement} earlier - one day back.
 * @param {HTMLButtonElement} later - one day on.
 * @param {() => void} changed - called when another day was chosen.
 */
export function setUpDays(select, earlier, later, changed) {
  let known = [];
  let wrong = "";
  let chosen = new URLSearchParams(location.search).get("day") ?? "";
  if (chosen && !isDay(chosen)) [wrong, chosen] = [chosen, ""];
  let shown = "";

  // Links to other pages of the store lead to the same day.
  const leadOn = () => {
    for (const link of document.querySelectorAll("a[data-same-day]")) link.search = chosen ? `?day=${chosen}` : "";
  };
  leadOn();

  const show = () => {
    const all = shown && !known.includes(shown) ? [...known, shown].sort() : known;
    const options = all.toReversed().map((day) =>
      new Option(dayName(day, { weekday: "short", day: "numeric", month: "short", year: "numeric" }), day));
    if (options.length) select.replaceChildren(...options);
    select.value = shown;
    select.disabled = all.length < 2;
    earlier.disabled = !all.some((day) => day < shown);
    later.disabled = !all.some((day) => day > shown);
  };

  const choose = (day) => {
    if (!day) return;
    wrong = "";
    // The latest day is the default: the address stays plain and follows a new day.
    chosen = day === known.at(-1) ? "" : day;
    const address = new URL(location.href);
    if (chosen) address.searchParams.set("day", chosen);
    else address.searchParams.delete("day");
    history.replaceState(null, "", address);
    changed();
  };

  select.addEventListener("change", () => choose(select.value));
  earlier.addEventListener("click", () => choose(known.findLast((day) => day < shown)));
  later.addEventListener("click", () => choose(known.find((day) => day > shown)));

  return {
    chosen: () => chosen,
    /** Of the address, what is no day: then the latest one is shown. */
    wrong: () => wrong,
    empty: () => known.length === 0,
    /** The days with data, from the server. */
    update(days) {
      known = [...days].sort();
      show();
    },
    /** The day whose figures are shown. */
    mark(day) {
      shown = day ?? "";
      show();
      leadOn();
    },
  };
}
