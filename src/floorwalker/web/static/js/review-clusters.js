// The cluster editor: persons as rows of bursts, put right by mouse or by keyboard.
import { getJson, postJson } from "./api.js";
import { el, nothing, notice } from "./dom.js";
import { count, number } from "./format.js";
import { ask, pickPerson } from "./review/asking.js";
import { board } from "./review/board.js";
import { deskAddress, deskPath, loadDay, openPanel, rememberName, reviewerName, sayDay, showNoDesk } from "./review/desk.js";
import { wireDragging } from "./review/dragging.js";
import { legend, wireKeys } from "./review/keys.js";

const place = (id) => document.getElementById(id);
const address = deskAddress();
let day = null;
let busy = Promise.resolve();

const shown = board(place("rows"), address, {
  changed: showChosen,
  namePerson: (person) => rename(person),
});

function said(text, level = "") {
  place("said").className = level;
  place("said").textContent = text;
}

const STEP = {
  move: (step) => `moving ${count(step.entries, "entry", "entries")} to ${day.nameOf(step.person)}`,
  split: (step) => `taking ${count(step.entries, "entry", "entries")} out`,
  merge: (step) => `joining ${day.nameOf(step.other)} to ${day.nameOf(step.person)}`,
  alias: (step) => `the name of ${step.person}`,
  note: (step) => `the note on ${day.nameOf(step.person)}`,
  exclude: () => "leaving out",
  include: () => "taking back in",
};

function showSteps() {
  for (const [id, word] of [["undo", "Undo"], ["redo", "Redo"]]) {
    const step = day.steps[id];
    const button = place(id);
    button.disabled = !step;
    button.title = step ? `${word} ${STEP[step.kind](step)} (${step.by})` : `Nothing to ${id}`;
  }
}

/** The entries that an act is on: those chosen, else the one where the cursor is. */
function meant() {
  const chosen = shown.chosen();
  return chosen.length ? chosen : shown.cursor() ? [shown.cursor()] : [];
}

function showChosen() {
  const chosen = shown.chosen();
  place("chosen").textContent = chosen.length ? `${count(chosen.length, "entry", "entries")} chosen` : "";
  const none = !meant().length;
  for (const id of ["move", "split", "merge", "rename", "note", "exclude"]) place(id).disabled = none;
}

/** Send an edit and show what became different. */
async function send(wish, told) {
  try {
    const body = { ...wish, by: reviewerName() || undefined, seen: day.number };
    shown.refresh(day.apply(await postJson(deskPath("/review/edits", address), body)));
    showSteps();
    sayDay(place("what"), day);
    said(told);
  } catch (error) {
    said(error.message, "refused");
  }
  document.body.dataset.edits = String(Number(document.body.dataset.edits ?? 0) + 1);
}

/** One after another, so that none overtakes the one before. */
function inTurn(run) {
  busy = busy.then(run);
  return busy;
}

const edit = (wish, told) => inTurn(() => send(wish, told));

function move(entries, person) {
  const coming = entries.filter((entry) => entry.person_id !== person);
  if (!coming.length) return said("They are there already.");
  shown.stay(coming);
  shown.choose([]);
  return edit({ kind: "move", entries: coming.map((entry) => entry.entry_id), person },
    `${count(coming.length, "entry", "entries")} moved to ${day.nameOf(person)}.`);
}

function split(entries) {
  if (!entries.length) return said("Choose what to take out.");
  shown.choose([]);
  return edit({ kind: "split", entries: entries.map((entry) => entry.entry_id) },
    `${count(entries.length, "entry", "entries")} taken out into a new person.`);
}

function merge(other, person) {
  if (other === person) return said("That is the same person.");
  shown.stay(day.person(other).entries);
  shown.choose([]);
  return edit({ kind: "merge", person, other }, `${day.nameOf(other)} joined to ${day.nameOf(person)}.`);
}

async function moveAsked() {
  const entries = meant();
  if (!entries.length) return;
  const found = await pickPerson(day, {
    title: `Move ${count(entries.length, "entry", "entries")} to`, impossible: day.impossible(entries), without: null, isNew: true,
  });
  shown.focus();
  if (found === "") split(entries);
  else if (found) move(entries, found);
}

async function mergeAsked() {
  const cursor = shown.cursor();
  if (!cursor) return;
  const person = day.person(cursor.person_id);
  const found = await pickPerson(day, {
    title: `Join ${day.nameOf(person.id)} to`, impossible: day.impossible(person.entries), without: person.id, isNew: false,
  });
  shown.focus();
  if (found) merge(person.id, found);
}

async function rename(id = shown.cursor()?.person_id) {
  if (!id) return;
  const text = await ask({ title: `Name of ${id}`, value: day.aliases[id] ?? "", most: 100, hint: "Empty: no name." });
  shown.focus();
  if (text !== null) edit({ kind: "alias", person: id, text }, "Renamed.");
}

async function note() {
  const id = shown.cursor()?.person_id;
  if (!id) return;
  const text = await ask({ title: `Note on ${day.nameOf(id)}`, value: day.notes[id] ?? "", most: 2000, long: true, hint: "What others should know." });
  shown.focus();
  if (text !== null) edit({ kind: "note", person: id, text }, "Noted.");
}

function exclude() {
  const entries = meant();
  if (!entries.length) return;
  const kind = entries.every((entry) => entry.excluded) ? "include" : "exclude";
  edit({ kind, entries: entries.map((entry) => entry.entry_id) }, kind === "exclude" ? "Left out of ground truth." : "In ground truth again.");
}

function step(name) {
  return inTurn(() => {
    const next = day.steps[name];
    if (!next) return said(`Nothing to ${name}.`);
    return send({ kind: "undo", undoes: next.undoes }, `${name === "undo" ? "Undone" : "Done again"}: ${STEP[next.kind](next)}.`);
  });
}

async function save() {
  try {
    const { saved } = await postJson(deskPath("/review/save", address), {});
    said(`Saved: ${saved.join(", ")}`);
  } catch (error) {
    said(error.message, "refused");
  }
}

async function loadTruth(file) {
  try {
    const truth = JSON.parse(await file.text());
    const taken = await postJson(deskPath("/review/truth", address), { truth, by: reviewerName() || undefined });
    await again();
    const unknown = taken.unknown ? `; ${count(taken.unknown, "entry is", "entries are")} not here` : "";
    said(`${count(taken.edits, "edit")} made from ${file.name}${unknown}.`);
    if (taken.refused.length) {
      place("notices").replaceChildren(notice("warn", "Some of it was left out", el("ul", {}, ...taken.refused.map((text) => el("li", { text })))));
    }
  } catch (error) {
    said(error instanceof SyntaxError ? `${file.name} is no JSON.` : error.message, "refused");
  }
}

/** What others did meanwhile. */
async function again() {
  if (!day) return;
  try {
    const change = await getJson(deskPath("/review/changes", address, { seen: day.number }));
    if (change.number === day.number) return;
    if (Object.keys(change.moved).some((name) => !day.byName.has(name))) return location.reload(); // new entries
    shown.refresh(day.apply(change));
    showSteps();
  } catch (error) {
    said(error.message, "refused");
  }
}

function find() {
  const left = shown.filter(place("find").value.trim().toLowerCase(), place("which").value);
  place("found").textContent = `${number(left)} of ${count(day.persons.length, "person", "persons")}`;
  place("none").replaceChildren(...(left ? [] : [nothing(day.entries.length ? "Nobody is called so." : "Nothing was matched in this store on this day.")]));
}

const ACTS = [
  { keys: ["ArrowLeft", "ArrowRight"], text: "entry", run: (event) => shown.step(event.key === "ArrowLeft" ? -1 : 1) },
  { keys: ["ArrowUp", "k"], text: "up", run: () => shown.stepLine(-1) },
  { keys: ["ArrowDown", "j"], text: "down", run: () => shown.stepLine(1) },
  { keys: ["Home", "End"], text: "first, last", run: (event) => shown.end(event.key === "End"), hidden: true },
  { keys: [" "], text: "choose", run: () => shown.toggle() },
  { keys: ["p"], text: "whole person", run: () => shown.togglePerson() },
  { keys: ["Escape"], text: "none", run: () => shown.choose([]) },
  { keys: ["m"], text: "move to", run: moveAsked },
  { keys: ["s"], text: "new person", run: () => split(meant()) },
  { keys: ["g"], text: "join to", run: mergeAsked },
  { keys: ["a"], text: "name", run: () => rename() },
  { keys: ["n"], text: "note", run: note },
  { keys: ["x"], text: "leave out", run: exclude },
  { keys: ["u", "ctrl+z"], text: "undo", run: () => step("undo") },
  { keys: ["r", "ctrl+y", "ctrl+shift+z"], text: "redo", run: () => step("redo") },
  { keys: ["/"], text: "find", run: () => place("find").focus() },
];

async function begin() {
  openPanel(place("open"), location.pathname, !address);
  place("editor").hidden = true;
  if (!address) {
    showNoDesk(place("notices"), null);
    return;
  }
  try {
    day = await loadDay(address);
  } catch (error) {
    showNoDesk(place("notices"), error, begin);
    return;
  }
  place("notices").replaceChildren();
  place("editor").hidden = false;
  sayDay(place("what"), day);
  shown.show(day);
  showSteps();
  showChosen();
  find();
  for (const link of document.querySelectorAll("a[data-same-desk]")) link.search = `?${address}`;
  for (const link of document.querySelectorAll("a[data-download]")) link.href = deskPath(`/review/${link.dataset.download}`, address);
}

wireKeys(ACTS);
wireDragging(place("rows"), place("new-person"), shown, { day: () => day, move, split, merge, said });
place("legend").replaceChildren(legend(ACTS));
place("by").value = reviewerName();
place("by").addEventListener("change", () => rememberName(place("by").value.trim()));
for (const [id, run] of Object.entries({ move: moveAsked, split: () => split(meant()), merge: mergeAsked, rename: () => rename(), note, exclude, undo: () => step("undo"), redo: () => step("redo"), save })) {
  place(id).addEventListener("click", run);
}
place("load").addEventListener("change", () => { if (place("load").files[0]) loadTruth(place("load").files[0]); place("load").value = ""; });
for (const id of ["find", "which"]) place(id).addEventListener("input", find);
place("find").addEventListener("keydown", (event) => { if (event.key === "Escape" || event.key === "Enter") shown.focus(); });
addEventListener("focus", again);
await begin();
document.body.dataset.ready = "yes";
