// The overview of one store: fetches, hands each section its part, keeps the page current.
import { ApiError, getJson, storePath } from "./api.js";
import { el, noSuchDay, notice } from "./dom.js";
import { clock, dayName } from "./format.js";
import { keepCurrent, throttled } from "./live.js";
import { setUpDays } from "./days.js";
import { showAttention } from "./sections/attention.js";
import { showFeeds } from "./sections/feeds.js";
import { showFunnel } from "./sections/funnel.js";
import { showPlan } from "./sections/plan.js";
import { showTiles } from "./sections/tiles.js";
import { showTraffic } from "./sections/traffic.js";

const REFRESH_GAP_MS = 1_500;
const page = document.querySelector("#overview");
const storeId = page.dataset.store;
const zone = page.dataset.timezone;
const place = (id) => document.getElementById(id);
let mode = "";
const days = setUpDays(place("day"), place("earlier"), place("later"), () => refresh(true));

/** What each part of the page is fetched from; a part that fails says so and leaves the others standing. */
const PARTS = {
  store: () => getJson(storePath(storeId)),
  metrics: (query) => getJson(storePath(storeId, "metrics"), query),
  funnel: (query) => getJson(storePath(storeId, "funnel"), query),
  heatmap: (query) => getJson(storePath(storeId, "heatmap"), query),
  anomalies: (query) => getJson(storePath(storeId, "anomalies"), query),
  traffic: (query) => getJson(storePath(storeId, "traffic"), query),
  layout: () => getJson(storePath(storeId, "layout")),
  health: () => getJson("/health"),
};

/** Fetch all parts at once; each becomes its value or an ApiError. */
async function fetchParts() {
  const query = { day: days.chosen() };
  const names = Object.keys(PARTS);
  const answers = await Promise.all(names.map((name) => PARTS[name](query).catch((error) => error)));
  return Object.fromEntries(names.map((name, index) => [name, answers[index]]));
}

const failed = (part) => part instanceof Error;

function showHeadline(metrics) {
  place("day-name").textContent = metrics.window.day ? dayName(metrics.window.day) : "";
  place("as-of").textContent = metrics.as_of ? `· as of ${clock(metrics.as_of, zone)} (${zone})` : `· ${zone}`;
}

function emptyNotice() {
  const commands = el("pre", { text: "floorwalker ingest events.jsonl\nfloorwalker process VIDEO --site site.toml --camera ID" });
  return notice("info", "No events of this store yet",
    el("p", { text: "Everything is ready and reads zero. Load recorded events, or process a camera's video:" }), commands);
}

function showNotices(parts) {
  const notices = [];
  const faults = Object.values(parts).filter(failed);
  const warnings = failed(parts.metrics) ? [] : parts.metrics.warnings;
  if (faults.length) {
    const [fault] = faults;
    const trace = fault.traceId ? [el("p", { class: "trace" }, "Trace id for the log: ", el("code", { text: fault.traceId }))] : [];
    const again = el("button", { type: "button", text: "Try again" });
    again.addEventListener("click", () => refresh(true));
    const kept = fault.code === "unreachable" ? " What is shown may be out of date." : "";
    notices.push(notice("critical", "Some figures could not be read",
      el("p", { text: `${fault.message}${kept}` }), ...trace, again));
  }
  if (days.wrong()) notices.push(noSuchDay(days.wrong()));
  if (warnings.length && !days.empty()) {
    notices.push(notice("warn", "Before you rely on these figures",
      el("ul", {}, ...warnings.map(({ code, message }) => el("li", { data: { code }, text: message })))));
  }
  if (!failed(parts.store) && days.empty()) notices.push(emptyNotice());
  const host = place("notices");
  // Replace only what changed, so that a screen reader does not repeat itself at each event.
  const fresh = notices.map((node) => node.textContent).join("\n");
  if (host.dataset.shown !== fresh) host.replaceChildren(...notices);
  host.dataset.shown = fresh;
}

/** Run one section; what goes wrong in it is shown in its place. */
async function section(needs, show) {
  if (needs.some(failed)) return null;
  try {
    await show(...needs);
    return null;
  } catch (error) {
    console.error(error);
    return new ApiError(0, "page", `A part of the page could not be drawn: ${error.message}`, null);
  }
}

async function refreshOnce() {
  const parts = await fetchParts();
  const { store, metrics, funnel, heatmap, anomalies, traffic, layout, health } = parts;
  if (!failed(store)) days.update(store.days);
  if (!failed(health)) mode = health.stores?.[storeId]?.mode ?? "";
  if (!failed(metrics)) {
    days.mark(metrics.window.day);
    showHeadline(metrics);
  }
  const faults = await Promise.all([
    section([metrics], (figures) => showTiles(figures)),
    section([anomalies], (list) => showAttention(place("attention"), list, zone, days.empty())),
    section([layout, heatmap], (...given) => showPlan(place("plan"), ...given)),
    section([funnel], (steps) => showFunnel(place("funnel-chart"), place("funnel"), steps)),
    section([traffic], (series) => showTraffic(place("traffic-chart"), place("traffic"), series, zone)),
    section([health, layout], (feeds, plan) => showFeeds(place("feeds"), feeds, plan, storeId, zone)),
  ]);
  showLive();
  showNotices({ ...parts, ...Object.fromEntries(faults.filter(Boolean).map((fault, index) => [`section ${index}`, fault])) });
  page.dataset.refreshed = String(Number(page.dataset.refreshed ?? 0) + 1);
  return !Object.values(parts).some((part) => failed(part) && part.code === "unreachable");
}

const refresh = throttled(refreshOnce, REFRESH_GAP_MS);

/** What keeps the page current; only what cameras tell of now is called live. */
function showLive(state = place("live").dataset.state) {
  if (!state) return;
  const source = mode !== "live" ? "recording" : days.chosen() ? "earlier day" : "live";
  const texts = {
    live: source,
    polling: "updating every 5 seconds",
    lost: "connection lost – these figures no longer change",
  };
  const host = place("live");
  host.dataset.state = state;
  host.dataset.source = source;
  if (host.textContent !== texts[state]) host.textContent = texts[state]; // read aloud only where it changed
}

await refresh();
keepCurrent(storePath(storeId, "stream"), refresh, showLive);
