// Cameras and feeds: whether data still comes.
import { el, fill, nothing } from "../dom.js";
import { dayAndClock, number } from "../format.js";

const SILENT = { level: "", word: "nothing yet" };
const RECORDED = { level: "info", word: "recording" };
const STALE = { level: "critical", word: "stale" };
const RETIRED = { level: "", word: "retired" };
const LIVE = { level: "good", word: "live" };

function stateOf(feed) {
  if (!feed) return SILENT;
  if (feed.retired) return RETIRED;
  if (feed.stale) return STALE;
  return feed.live ? LIVE : RECORDED;
}

function row(name, feed, zone) {
  const { level, word } = stateOf(feed);
  const behind = feed?.stale ? ` ${number(feed.lag_minutes)} min` : "";
  return el("tr", {},
    el("th", { scope: "row", text: name }),
    el("td", { text: dayAndClock(feed?.last_event_timestamp, zone) }),
    el("td", {}, el("span", { class: `badge ${level}`, text: word + behind })));
}

/** Show this store's part of `/health`, and the cameras of `/layout` that nothing was heard of. */
export function showFeeds(place, health, layout, storeId, zone) {
  const state = health.stores[storeId];
  const feeds = new Map((state?.feeds ?? []).map((feed) => [feed.camera_id, feed]));
  const names = new Map(layout.cameras.map((camera) => [camera.camera_id, camera.name || camera.camera_id]));
  const cameras = [...new Set([...names.keys(), ...feeds.keys()])].sort();
  if (!cameras.length) {
    fill(place, nothing("No camera is described in a site file, and none has sent an event."));
    return;
  }
  const head = el("tr", {}, ...["Camera", "Last event", "State"].map((text) => el("th", { scope: "col", text })));
  const lead = {
    live: "Live: who is silent for ten minutes in opening hours is stale.",
    retired: "Nothing live for a week: no feed is expected to talk now.",
    replay: "Loaded from recordings: no feed is expected to talk now.",
  }[state?.mode];
  const warnings = health.warnings.filter((warning) => warning.startsWith(`STALE_FEED ${storeId} `));
  fill(place,
    ...warnings.map((text) => el("div", { class: "notice critical", text })),
    el("table", {},
      el("caption", { text: lead ?? "Nothing has been heard yet." }),
      el("thead", {}, head),
      el("tbody", {}, ...cameras.map((id) => row(names.get(id) ?? id, feeds.get(id), zone)))));
}
