// Cameras and feeds: whether data still comes.
import { el, fill, nothing } from "../dom.js";
import { dayAndClock, MISSING, number } from "../format.js";

const STATES = {
  live: ["good", "live"], stale: ["critical", "stale"], closed: ["", "closed now"],
  replay: ["info", "recordings"], waiting: ["", "nothing yet"],
};

function stateOf(feed) {
  if (!feed?.last_event_timestamp) return STATES.waiting;
  if (STATES[feed.status]) return STATES[feed.status];
  if (feed.replay || feed.mode === "replay") return STATES.replay;
  return feed.stale ? STATES.stale : STATES.live;
}

function line(name, value) {
  return el("tr", {}, el("th", { scope: "row", text: name }), el("td", {}, value));
}

/** Show this store's part of `/health`, and the cameras of `/layout`. */
export function showFeeds(place, health, layout, storeId, zone) {
  const feed = health.stores[storeId];
  const [level, word] = stateOf(feed);
  const rows = [
    line("State", el("span", { class: `badge ${level}`, text: word })),
    line("Last event", dayAndClock(feed?.last_event_timestamp, zone)),
  ];
  const lag = number(feed?.lag_minutes);
  if (word !== "recordings" && lag !== MISSING) rows.push(line("Behind by", `${lag} min`));
  const cameras = layout.cameras.map((camera) => camera.name || camera.camera_id);
  rows.push(line("Cameras", cameras.length ? cameras.join(", ") : "none in a site file"));
  const warnings = (health.warnings ?? []).filter((warning) => warning.includes(storeId));
  fill(place, el("table", {}, el("tbody", {}, ...rows)),
    ...warnings.map((text) => el("div", { class: "notice warn", text })),
    ...(feed ? [] : [nothing("The server reports no feed of this store.")]));
}
