// What needs attention: each anomaly with its severity, evidence and what to do.
import { el, fill, nothing } from "../dom.js";
import { clock, MISSING, number, percent, words } from "../format.js";

const SHARES = new Set(["CONVERSION_DROP"]);

function evidence(anomaly) {
  const show = SHARES.has(anomaly.type) ? percent : number;
  const parts = [anomaly.message];
  if (anomaly.zone_id && !anomaly.message?.includes(anomaly.zone_id)) parts.push(`zone ${anomaly.zone_id}`);
  if (show(anomaly.value) !== MISSING) parts.push(`measured ${show(anomaly.value)}`);
  if (show(anomaly.expected) !== MISSING) parts.push(`expected ${show(anomaly.expected)}`);
  return parts.filter(Boolean).join(" · ");
}

function when(anomaly, zone) {
  const since = clock(anomaly.detected_at, zone);
  if (anomaly.ended_at) return `${since} to ${clock(anomaly.ended_at, zone)}`;
  return anomaly.active ? `since ${since}` : since;
}

function row(anomaly, zone) {
  const level = String(anomaly.severity).toLowerCase();
  return el("li", { class: level, data: { type: anomaly.type } },
    el("div", { class: "headline" },
      el("span", { class: `badge ${level}`, text: anomaly.severity }),
      el("h3", { text: words(anomaly.type) }),
      el("time", { datetime: anomaly.detected_at, text: when(anomaly, zone) })),
    el("p", { class: "evidence", text: evidence(anomaly) }),
    el("p", { class: "action", text: anomaly.suggested_action }));
}

/** Show the list of `/anomalies`; `empty` says that the store has no data at all. */
export function showAttention(place, anomalies, zone, empty) {
  if (anomalies.length) {
    fill(place, el("ul", { class: "attention" }, ...anomalies.map((anomaly) => row(anomaly, zone))));
  } else {
    fill(place, nothing(empty ? "Nothing can be judged before the first events." : "Nothing unusual."));
  }
}
