// The pair reviewer: two bursts side by side, a verdict a key, on to the pair that teaches most.
import { getJson, postJson } from "./api.js";
import { el, nothing, notice } from "./dom.js";
import { count, MISSING, number, percent } from "./format.js";
import { deskAddress, deskPath, openPanel, rememberName, reviewerName, showNoDesk } from "./review/desk.js";
import { legend, wireKeys } from "./review/keys.js";
import { pairList } from "./review/pair-list.js";
import { imageAddress, pictures } from "./review/pictures.js";

const MOST_IMAGES = 10;
const IMAGE_PX = 192;
const VERDICTS = { same: "Same person", different: "Different people", unsure: "Cannot say" };
const place = (id) => document.getElementById(id);
const address = deskAddress();
const picture = pictures();
let told = null;
let at = 0; // the pair that is shown, by its number
let order = []; // all pairs as they are gone through
let busy = Promise.resolve();

const list = pairList(place("list"), address, (pair) => go(pair));

const isOpen = (pair) => told.states[pair].verdict === null && told.states[pair].implied === null;

const FILTERS = {
  open: isOpen,
  all: () => true,
  said: (pair) => told.states[pair].verdict !== null,
  implied: (pair) => told.states[pair].implied !== null,
  same: (pair) => told.states[pair].verdict === "same",
  different: (pair) => told.states[pair].verdict === "different",
  unsure: (pair) => told.states[pair].verdict === "unsure",
  keep: (pair) => told.states[pair].mark === "keep",
  remove: (pair) => told.states[pair].mark === "remove",
  against: (pair) => told.pairs[pair].truth !== null && told.states[pair].verdict !== null && told.states[pair].verdict !== "unsure" && told.states[pair].verdict !== told.pairs[pair].truth,
};

function said(text, level = "") {
  place("said").className = level;
  place("said").textContent = text;
}

/** The pairs that the filters leave, in the order in which they are gone through. */
function left() {
  const which = FILTERS[place("which").value];
  const why = place("why").value;
  const wanted = place("find").value.trim().toLowerCase();
  return order.filter((pair) => (which(pair) || (pair === at && place("which").value === "open"))
    && (!why || told.pairs[pair].why === why)
    && (!wanted || told.pairs[pair].entries.some((name) => name.toLowerCase().includes(wanted))));
}

function clockOf(entry) {
  return new Intl.DateTimeFormat("en-GB", { timeZone: told.timezone, hourCycle: "h23", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(entry.at);
}

function side(name) {
  const entry = told.entries[name];
  const shown = Math.min(entry.images, MOST_IMAGES);
  const images = Array.from({ length: shown }, (_, n) =>
    picture(imageAddress(address, name, { n, h: IMAGE_PX }), `Image ${n + 1} of ${name}`));
  return el("section", { class: "side", "aria-label": name },
    el("p", {}, el("strong", { text: clockOf(entry) }), ` · ${entry.direction === "entry" ? "in" : "out"} · ${entry.camera}`),
    el("p", { class: "soft" }, el("code", { text: name }), entry.images > shown ? ` · the first ${shown} of ${number(entry.images)} images` : ""),
    el("div", { class: "burst" }, ...(shown ? images : [nothing("no images")])));
}

function badge(level, text) {
  return el("span", { class: `badge ${level}`, text });
}

function facts(pair) {
  const { score, why, truth, impossible } = told.pairs[pair];
  const state = told.states[pair];
  const parts = [badge("info", why), badge("", `cosine ${score === null ? MISSING : score.toFixed(3)}`), badge("", `P(same) ${percent(state.p_same)}`)];
  if (state.settles) parts.push(badge("", `answers ${number(state.settles)} more`));
  if (truth) parts.push(badge("", `truth: ${truth}`));
  if (state.verdict) parts.push(badge("good", VERDICTS[state.verdict].toLowerCase()));
  if (state.implied) parts.push(badge("good", `follows: ${state.implied}`));
  if (told.has_marks) parts.push(badge(state.mark === "remove" ? "warn" : state.mark === "keep" ? "good" : "", state.mark));
  if (impossible) parts.push(badge("critical", "two places at once"));
  return parts;
}

function show() {
  const pairs = left();
  const total = told.pairs.length;
  const done = told.states.filter((state) => state.verdict !== null).length;
  const follows = told.states.filter((state) => state.implied !== null).length;
  place("progress").max = total || 1;
  place("progress").value = done + follows;
  place("progress-text").textContent = total ? `${number(done)} said, ${number(follows)} follow, ${number(total - done - follows)} of ${number(total)} open` : "";
  for (const [id, word] of [["undo", "Undo"], ["redo", "Redo"]]) {
    const step = told.steps[id];
    place(id).disabled = !step;
    place(id).title = step ? `${word} “${step.kind}” of ${step.entries.join(" and ")} (${step.by})` : `Nothing to ${id}`;
  }
  if (!pairs.includes(at)) at = pairs[0] ?? at;
  const empty = !pairs.length;
  place("pair").hidden = empty;
  place("pair-and-list").hidden = !total;
  document.querySelector(".advance").hidden = !total;
  list.show(told, pairs, at);
  place("none").replaceChildren(...(empty ? [nothing(emptyText(total))] : []));
  place("contradictions").replaceChildren(...(told.contradictions.length
    ? [notice("warn", "Verdicts contradict each other", el("p", { text: "Said to be different, but the same by what else was said:" }),
      el("ul", {}, ...told.contradictions.map(([one, other]) => el("li", { text: `${one} and ${other}` }))))] : []));
  if (empty) return;
  const pair = told.pairs[at];
  const key = String(at);
  if (place("sides").dataset.pair !== key) {
    place("sides").dataset.pair = key;
    place("sides").replaceChildren(...pair.entries.map(side));
  }
  place("facts").replaceChildren(...facts(at));
  place("why-not").textContent = pair.impossible ?? "";
  for (const kind of Object.keys(VERDICTS)) {
    const button = place(kind);
    button.setAttribute("aria-pressed", String(told.states[at].verdict === kind));
    button.disabled = kind === "same" && pair.impossible !== null;
  }
  place("mark").hidden = !told.has_marks;
  place("mark").textContent = told.states[at].mark === "keep" ? "Remove from the list" : "Keep in the list";
  fetchAhead(pairs);
}

function emptyText(total) {
  if (!total) return told.entry_count ? "No pair here needs a person: nothing is near the threshold, and no answer said review." : "Nothing was matched here, so there is nothing to compare.";
  return place("which").value === "open" ? "All is said or follows from what was said." : "No pair is like this.";
}

/** The pictures of the next pair are fetched while this one is looked at. */
function fetchAhead(pairs) {
  const next = pairs[pairs.indexOf(at) + 1];
  if (next === undefined) return;
  for (const name of told.pairs[next].entries) {
    for (let n = 0; n < Math.min(told.entries[name].images, MOST_IMAGES); n += 1) new Image().src = imageAddress(address, name, { n, h: IMAGE_PX });
  }
}

function go(pair) {
  if (pair === undefined) return;
  at = pair;
  show();
}

function step(by) {
  const pairs = left();
  const next = pairs[pairs.indexOf(at) + by];
  if (next === undefined) said(by > 0 ? "That was the last." : "That is the first.");
  else { said(""); go(next); }
}

/** What comes after this pair is ordered anew by what it would teach now; what was passed stays. */
function take(standing) {
  Object.assign(told, standing);
  const here = order.indexOf(at);
  const passed = order.slice(0, here + 1);
  const before = new Set(passed);
  order = [...passed, ...standing.order.filter((pair) => !before.has(pair))];
}

async function send(body) {
  try {
    take(await postJson(deskPath("/review/pairs/verdicts", address), { ...body, by: reviewerName() || undefined }));
    return true;
  } catch (error) {
    said(error.message, "refused");
    return false;
  } finally {
    document.body.dataset.said = String(Number(document.body.dataset.said ?? 0) + 1);
  }
}

function inTurn(run) {
  busy = busy.then(run);
  return busy;
}

function nextOpen() {
  const pairs = left();
  const here = pairs.indexOf(at);
  return [...pairs.slice(here + 1), ...pairs.slice(0, here)].find(isOpen);
}

function say(kind) {
  return inTurn(async () => {
    if (!told?.pairs.length || place("pair").hidden) return;
    const { entries, impossible } = told.pairs[at];
    if (kind === "same" && impossible) return said(impossible, "refused");
    const openBefore = told.states.filter((state) => state.verdict === null && state.implied === null).length;
    if (!await send({ kind, entries })) return;
    const openNow = told.states.filter((state) => state.verdict === null && state.implied === null).length;
    const more = openBefore - openNow - 1;
    said(`${VERDICTS[kind]}: ${entries.join(" and ")}.${more > 0 ? ` ${count(more, "other pair follows", "other pairs follow")}.` : ""}`);
    go(nextOpen() ?? at);
  });
}

function toggle() {
  return inTurn(async () => {
    if (!told?.has_marks || place("pair").hidden) return;
    const kind = told.states[at].mark === "keep" ? "remove" : told.states[at].mark === "remove" ? "unreviewed" : "keep";
    if (await send({ kind, entries: told.pairs[at].entries })) said(`${kind}: ${told.pairs[at].entries.join(" and ")}`);
    show();
  });
}

function back(name) {
  return inTurn(async () => {
    const next = told?.steps[name];
    if (!next) return said(`Nothing to ${name}.`);
    if (!await send({ kind: "undo", undoes: next.undoes })) return;
    said(`${name === "undo" ? "Undone" : "Done again"}: ${next.kind}, ${next.entries.join(" and ")}.`);
    const pair = told.pairs.findIndex((each) => each.entries.every((entry) => next.entries.includes(entry)));
    go(pair >= 0 ? pair : at); // back to where it was said
  });
}

function sortAgain() {
  order = [...told.order];
  at = left()[0] ?? at;
  said("Sorted again: what teaches most comes first.");
  show();
}

const ACTS = [
  { keys: ["1"], text: "same", run: () => say("same") },
  { keys: ["2"], text: "different", run: () => say("different") },
  { keys: ["3"], text: "unsure", run: () => say("unsure") },
  { keys: [" "], text: "keep or remove", run: toggle },
  { keys: ["j", "ArrowDown"], text: "next", run: () => step(1) },
  { keys: ["k", "ArrowUp"], text: "before", run: () => step(-1) },
  { keys: ["o"], text: "next open", run: () => go(nextOpen()) },
  { keys: ["u", "ctrl+z"], text: "undo", run: () => back("undo") },
  { keys: ["r", "ctrl+y", "ctrl+shift+z"], text: "redo", run: () => back("redo") },
  { keys: ["t"], text: "sort again", run: sortAgain },
  { keys: ["/"], text: "find", run: () => place("find").focus() },
];

async function begin() {
  const given = document.querySelector("#reviewer").dataset.given === "yes";
  openPanel(place("open"), location.pathname, !address && !given);
  place("reviewer").hidden = true;
  if (!address && !given) {
    showNoDesk(place("notices"), null);
    return;
  }
  try {
    told = await getJson(deskPath("/review/pairs/list", address));
  } catch (error) {
    showNoDesk(place("notices"), error, begin);
    return;
  }
  place("notices").replaceChildren();
  place("reviewer").hidden = false;
  order = [...told.order];
  const reasons = [...new Set(told.pairs.map((pair) => pair.why))].sort();
  place("why").replaceChildren(new Option("for any reason", ""), ...reasons.map((why) => new Option(why, why)));
  place("what").textContent = `${told.name} · ${count(told.pairs.length, "pair")} of ${count(told.entry_count, "entry", "entries")} · times in ${told.timezone}`;
  place("legend").replaceChildren(legend(ACTS.filter((act) => told.has_marks || act.keys[0] !== " ")));
  for (const link of document.querySelectorAll("a[data-same-desk]")) {
    link.search = address ? `?${address}` : "";
  }
  document.querySelector("a[data-download='pairs_kept.csv']").hidden = !told.has_marks;
  for (const link of document.querySelectorAll("a[data-download]")) link.href = deskPath(`/review/pairs/${link.dataset.download}`, address);
  at = left().find(isOpen) ?? order[0] ?? 0;
  show();
}

wireKeys(ACTS, () => told !== null);
place("by").value = reviewerName();
place("by").addEventListener("change", () => rememberName(place("by").value.trim()));
for (const kind of Object.keys(VERDICTS)) place(kind).addEventListener("click", () => say(kind));
for (const [id, run] of Object.entries({ mark: toggle, undo: () => back("undo"), redo: () => back("redo"), sort: sortAgain, next: () => step(1), before: () => step(-1) })) {
  place(id).addEventListener("click", run);
}
for (const id of ["which", "why", "find"]) place(id).addEventListener("input", () => { if (told) go(left().find((pair) => FILTERS[place("which").value](pair)) ?? at); });
place("find").addEventListener("keydown", (event) => { if (event.key === "Escape" || event.key === "Enter") place("find").blur(); });
await begin();
document.body.dataset.ready = "yes";
