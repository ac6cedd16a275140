// The page of corrections: fetches a day, lets a person say what is wrong, shows what became of it.
import { getJson, postJson, storePath } from "./api.js";
import { showMade } from "./corrections/made.js";
import { peopleList } from "./corrections/people.js";
import { showTimeline } from "./corrections/timeline.js";
import { changes, unchanged } from "./corrections/words.js";
import { setUpDays } from "./days.js";
import { el, noSuchDay, notice } from "./dom.js";
import { count, dayName, number, percent } from "./format.js";
import { keepCurrent, throttled } from "./live.js";

const REFRESH_GAP_MS = 1_500;
const NAME_KEY = "floorwalker-name";
const page = document.querySelector("#corrections");
const storeId = page.dataset.store;
const zone = page.dataset.timezone;
const place = (id) => document.getElementById(id);
const form = place("say");
const days = setUpDays(place("day"), place("earlier"), place("later"), () => { people.clear(); refresh(true); });
let chosen = [];
let shownDay = "";

const people = peopleList(place("people"), zone, showChosen, (visitor) => say([{ type: "split", visitor }]));

function remembered() {
  try {
    return localStorage.getItem(NAME_KEY) ?? "";
  } catch {
    return ""; // storage may be forbidden; the page works without
  }
}

function remember(name) {
  try { localStorage.setItem(NAME_KEY, name); } catch { /* not kept */ }
}

/** Who corrects; empty where a key tells the server. */
function by() {
  const name = place("by").value.trim();
  return name || undefined;
}

function answered(level, title, ...children) {
  place("answer").replaceChildren(notice(level, title, ...children));
  form.hidden = false;
}

/** Do something that changes the day, and say what came of it. */
async function change(run, again) {
  try {
    const answer = await run();
    if (by()) remember(by());
    place("note").value = "";
    people.clear();
    const deltas = changes(answer.changed).join(", ") || unchanged(answer.changed);
    answered("info", `Done: ${deltas}`);
  } catch (error) {
    const reasons = error.code === "impossible_merge"
      ? [el("ul", {}, ...error.details.map((each) => el("li", { text: each.message })))]
      : [el("p", { text: error.message })];
    if (again && error.code === "impossible_merge") {
      const anyway = el("button", { type: "button", text: "They are one person all the same" });
      anyway.addEventListener("click", () => again());
      reasons.push(anyway);
    }
    if (error.code === "nobody") place("by").focus();
    const trace = error.traceId ? [el("p", { class: "trace" }, "Trace id for the log: ", el("code", { text: error.traceId }))] : [];
    answered("critical", "Nothing was changed", ...reasons, ...trace);
  } finally {
    await refresh(true);
  }
}

async function say(statements, force = false, note = place("note").value.trim()) {
  // One id for one wish: should the answer be lost, the same again is no second correction.
  const body = { day: shownDay, by: by(), note, statements, force, correction_id: crypto.randomUUID?.() };
  await change(() => postJson(storePath(storeId, "corrections"), body), () => say(statements, true, note));
}

function undo(correction) {
  const address = `${storePath(storeId, "corrections")}/${encodeURIComponent(correction.correction_id)}/undo`;
  return change(() => postJson(address, { by: by() }));
}

function button(text, disabled, statements, first = false) {
  const made = el("button", { type: "button", text, class: first ? "first" : null, disabled });
  made.addEventListener("click", () => say(statements()));
  return made;
}

/** What can be said of those who are chosen. */
function showChosen(now) {
  const names = now.map((person) => person.visitor_id);
  const same = names.join("\n") === chosen.join("\n");
  if (same && names.length) return; // a figure that changes meanwhile takes nothing out of a person's hands
  chosen = names;
  const each = (statement) => () => names.map((visitor) => ({ visitor, ...statement }));
  if (names.length) place("answer").replaceChildren();
  form.hidden = !names.length && !place("answer").childElementCount;
  place("chosen").textContent = names.length ? `Chosen: ${names.join(", ")}` : "";
  form.querySelector(".fields").hidden = !names.length;
  const sale = el("input", { "aria-label": "Number of the sale", placeholder: "number of the sale", maxlength: 200 });
  const bought = el("button", { type: "button", text: "Bought", disabled: names.length !== 1 });
  bought.addEventListener("click", () => {
    if (sale.value.trim()) say([{ type: "purchased", visitor: names[0], transaction_id: sale.value.trim() }]);
    else sale.focus();
  });
  const acts = names.length
    ? [
        button("One person", names.length < 2, () => [{ type: "merge", visitors: names }], names.length > 1),
        button("Staff", false, each({ type: "staff", value: true })),
        button("Not staff", false, each({ type: "staff", value: false })),
        button("Gave up queueing", false, each({ type: "abandoned", value: true })),
        button("Did not give up", false, each({ type: "abandoned", value: false })),
        button("Bought nothing", false, each({ type: "purchased", transaction_id: false })),
        el("span", { class: "pay" }, sale, bought),
      ]
    : [];
  place("acts").replaceChildren(...acts);
}

const TILES = {
  visitors: ["unique_visitors", number, (figures) => count(figures.entries, "entry", "entries")],
  conversion: ["conversion_rate", percent, (figures) => (figures.unique_visitors && figures.transactions === 0 ? "no till data: no sale of this day is known"
    : `${percent(figures.conversion_matched)} matched one to one with ${count(figures.transactions, "sale")}`)],
  staff: ["staff_excluded", number, () => "people known as staff, in no figure here"],
};

function showTiles(figures) {
  for (const [id, [name, format, meaning]] of Object.entries(TILES)) {
    const tile = place(`tile-${id}`);
    const shown = tile.querySelector(".figure");
    shown.textContent = format(figures[name]);
    shown.dataset.figure = `metrics.${name}`;
    tile.querySelector(".meaning").textContent = meaning(figures);
  }
}

function showFault(fault) {
  const host = place("notices");
  if (!fault) {
    host.replaceChildren(...(days.wrong() ? [noSuchDay(days.wrong())] : []));
    return;
  }
  const again = el("button", { type: "button", text: "Try again" });
  again.addEventListener("click", () => refresh(true));
  host.replaceChildren(notice("critical", "This day could not be read", el("p", { text: fault.message }), again));
}

async function refreshOnce() {
  const query = { day: days.chosen() };
  const part = (name) => getJson(storePath(storeId, name), query);
  try {
    const [store, visitors, made, history] = await Promise.all([
      getJson(storePath(storeId)), part("visitors"), part("corrections"), part("history"),
    ]);
    days.update(store.days);
    days.mark(history.day);
    shownDay = history.day;
    place("day-name").textContent = dayName(history.day);
    showTiles(history.figures);
    people.fill(visitors.visitors);
    showMade(place("made"), made, zone, { undo, repeat: (each) => say(each.statements, each.forced, each.note) });
    showTimeline(place("history"), history, zone);
    showFault(null);
  } catch (error) {
    showFault(error);
    return error.code !== "unreachable";
  } finally {
    page.dataset.refreshed = String(Number(page.dataset.refreshed ?? 0) + 1);
  }
  return true;
}

const refresh = throttled(refreshOnce, REFRESH_GAP_MS);

function showLive(state) {
  const texts = { live: "kept up to date", polling: "updating every 5 seconds", lost: "connection lost" };
  const host = place("live");
  if (host.dataset.state === state) return;
  host.dataset.state = state;
  host.textContent = texts[state];
}

place("by").value = remembered();
form.addEventListener("submit", (event) => event.preventDefault());
await refresh();
keepCurrent(storePath(storeId, "stream"), refresh, showLive);
