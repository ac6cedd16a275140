// How the figures came about: a timeline, the latest first.
import { el, fill, nothing, notice } from "../dom.js";
import { clock, dayAndClock } from "../format.js";
import { cause, changes, unchanged } from "./words.js";

function when(point, zone) {
  const since = dayAndClock(point.at, zone);
  const until = clock(point.until, zone);
  return since.endsWith(until) ? since : `${since} to ${until}`;
}

function entry(point, zone) {
  const deltas = changes(point.changed);
  return el("li", {},
    el("time", { datetime: point.at, text: when(point, zone) }),
    el("div", { class: deltas.length ? "" : "same" },
      el("p", { class: "deltas", text: deltas.join(", ") || unchanged(point.changed) }),
      ...point.causes.map((each) => el("p", { class: "causes", data: { kind: each.kind }, text: cause(each) }))));
}

/** Show `/history`. */
export function showTimeline(place, history, zone) {
  const points = history.points.toReversed();
  const notices = [];
  if (history.complete_from) {
    notices.push(notice("info", "", el("p", { text: `What the figures were before ${dayAndClock(history.complete_from, zone)} can no longer be told: older data was deleted then.` })));
  }
  if (!points.length) fill(place, ...notices, nothing("Nothing was recorded of this day."));
  else {
    const rest = history.truncated ? [el("p", { class: "hint", text: "Earlier changes are not shown." })] : [];
    fill(place, ...notices, el("ol", { class: "timeline" }, ...points.map((point) => entry(point, zone))), ...rest);
  }
}
