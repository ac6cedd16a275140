// The tiles: the figures of the day, each with what it means.
import { el } from "../dom.js";
import { count, duration, number, percent } from "../format.js";

const BASIS = {
  sightings: "Counted by sightings: this store has no door camera.",
  unlinked: "Door and zone figures come from ids that are never joined.",
};

/** A figure of the API inside a sentence. */
function figure(name, text) {
  return el("strong", { data: { figure: name }, text });
}

/** A badge beside a figure of which the cameras saw a part only, or nothing. */
function reach(metrics, name) {
  const { status, share, cameras } = metrics.coverage?.figures?.[name] ?? {};
  if (status !== "partial" && status !== "unwatched") return [];
  const title = `The share of the time that was watched; cameras that were down: ${cameras.join(", ")}`;
  const badge = el("span", { class: "badge warn", title });
  if (status === "unwatched") badge.append("not watched");
  else badge.append("partial: ", figure(`metrics.coverage.figures.${name}.share`, percent(share)));
  return [badge, " "];
}

/** How far a rate may be off for want of people. */
function interval(metrics, name) {
  const { low, high } = metrics.intervals?.[name] ?? {};
  if (typeof low !== "number") return [];
  const of = (part, text) => figure(`metrics.intervals.${name}.${part}`, text);
  return [" (95 %: ", of("low", percent(low)), " to ", of("high", percent(high)), ")"];
}

function tile(id, name, metrics, text, ...meaning) {
  const host = document.getElementById(`tile-${id}`);
  const shown = host.querySelector(".figure");
  const changed = shown.textContent !== text && shown.dataset.figure;
  shown.textContent = text;
  shown.dataset.figure = `metrics.${name}`;
  host.querySelector(".meaning").replaceChildren(...reach(metrics, name), ...meaning);
  host.classList.remove("changed");
  if (changed) {
    void host.offsetWidth; // begin the animation anew
    host.classList.add("changed");
  }
}

/** What the conversion means; a 0 for want of the till's rows is no measurement. */
function conversion(metrics, of) {
  const unsold = metrics.warnings?.some(({ code }) => code === "NO_TILL_DATA");
  if (unsold) return [el("span", { class: "badge warn", text: "no till data" }), " no sale of this day is known, so nothing tells who bought"];
  return [
    "of visitors stood at the till within five minutes before a sale", ...interval(metrics, "conversion_rate"),
    ". Matched one to one with ", of("transactions", count(metrics.transactions, "sale")), ": ",
    of("conversion_matched", percent(metrics.conversion_matched)), ...interval(metrics, "conversion_matched"), ".",
  ];
}

/** Of those who count as inside, how many nobody has seen for an hour. */
function inside(metrics, of) {
  if (!metrics.occupancy_unseen) return ["customers in the shop"];
  return [of("occupancy_unseen", number(metrics.occupancy_unseen)), " of them not seen for an hour: most likely left unseen"];
}

/** Fill all tiles from `/metrics`. */
export function showTiles(metrics) {
  const of = (name, text) => figure(`metrics.${name}`, text);
  const show = (id, name, format, ...meaning) => tile(id, name, metrics, format(metrics[name]), ...meaning);
  show("visitors", "unique_visitors", number,
    of("entries", number(metrics.entries)), " came in, ", of("exits", number(metrics.exits)), " went out, ",
    of("reentries", number(metrics.reentries)), " came back. ", BASIS[metrics.basis] ?? "");
  show("conversion", "conversion_rate", percent,
    ...conversion(metrics, of));
  show("queue", "queue_depth_current", number, "waiting at the till");
  show("inside", "occupancy", number, ...inside(metrics, of));
  show("abandonment", "abandonment_rate", percent, "of those who queued gave up", ...interval(metrics, "abandonment_rate"));
  show("dwell", "avg_dwell_ms", duration, "per completed stay of a customer");
  show("staff", "staff_excluded", number, "people known as staff, in no figure here");
}
