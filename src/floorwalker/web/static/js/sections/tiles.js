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

function tile(id, name, text, ...meaning) {
  const host = document.getElementById(`tile-${id}`);
  const shown = host.querySelector(".figure");
  const changed = shown.textContent !== text && shown.dataset.figure;
  shown.textContent = text;
  shown.dataset.figure = `metrics.${name}`;
  host.querySelector(".meaning").replaceChildren(...meaning);
  host.classList.remove("changed");
  if (changed) {
    void host.offsetWidth; // begin the animation anew
    host.classList.add("changed");
  }
}

/** Fill all tiles from `/metrics`. */
export function showTiles(metrics) {
  const of = (name, text) => figure(`metrics.${name}`, text);
  tile("visitors", "unique_visitors", number(metrics.unique_visitors),
    of("entries", number(metrics.entries)), " came in, ", of("exits", number(metrics.exits)), " went out, ",
    of("reentries", number(metrics.reentries)), " came back. ", BASIS[metrics.basis] ?? "");
  tile("conversion", "conversion_rate", percent(metrics.conversion_rate),
    "of visitors stood at the till within five minutes before a sale. Matched one to one with ",
    of("transactions", count(metrics.transactions, "sale")), ": ",
    of("conversion_matched", percent(metrics.conversion_matched)), ".");
  tile("queue", "queue_depth_current", number(metrics.queue_depth_current), "waiting at the till");
  tile("inside", "occupancy", number(metrics.occupancy), "customers in the shop");
  tile("abandonment", "abandonment_rate", percent(metrics.abandonment_rate), "of those who queued gave up");
  tile("dwell", "avg_dwell_ms", duration(metrics.avg_dwell_ms), "per completed stay of a customer");
  tile("staff", "staff_excluded", number(metrics.staff_excluded), "people known as staff, in no figure here");
}
