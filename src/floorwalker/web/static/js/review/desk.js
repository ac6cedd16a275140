// What lies on the desk: a store's day or a manifest, how it is opened, and who is who in it.
import { getJson, postJson } from "../api.js";
import { el, nothing, notice } from "../dom.js";
import { count, dayName } from "../format.js";

const MOST_UPLOAD_BYTES = 7_500_000;
const NAME_KEY = "floorwalker-name";

/** The query that names a desk, from the page's address; empty: none is named. */
export function deskAddress() {
  const given = new URLSearchParams(location.search);
  const kept = new URLSearchParams();
  for (const name of ["file", "day_id", "store_id"]) if (given.get(name)) kept.set(name, given.get(name));
  return kept.toString();
}

/** The name that a person gave themselves; empty: none. */
export function reviewerName() {
  try {
    return localStorage.getItem(NAME_KEY) ?? "";
  } catch {
    return ""; // storage may be forbidden; the page works without
  }
}

/** Keep the name that a person gives themselves. */
export function rememberName(name) {
  try { localStorage.setItem(NAME_KEY, name); } catch { /* not kept */ }
}

/** Address of a call on a desk. */
export function deskPath(path, address, more = {}) {
  const query = new URLSearchParams(address);
  for (const [name, value] of Object.entries(more)) query.set(name, value);
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

/** Who is who on a desk, kept up with what the server says of changes. */
export class Day {
  #persons = null;
  #order = []; // of persons: by first sighting, then as edits made them; nobody's row jumps away

  /** @param {Object} told - the server's answer. */
  constructor(told) {
    Object.assign(this, told);
    this.byName = new Map(this.entries.map((entry) => [entry.entry_id, entry]));
    this.#order = [...new Set(this.entries.map((entry) => entry.person_id))];
  }

  /** The persons, each with their entries in order of time. */
  get persons() {
    if (this.#persons) return this.#persons;
    const found = new Map();
    for (const entry of this.entries) { // they are in order of time
      let person = found.get(entry.person_id);
      if (!person) found.set(entry.person_id, person = { id: entry.person_id, entries: [] });
      person.entries.push(entry);
    }
    this.#persons = this.#order.flatMap((id) => found.get(id) ?? []);
    this.personsByName = found;
    return this.#persons;
  }

  /** What people call a person. */
  nameOf(id) {
    return this.aliases[id] || id;
  }

  person(id) {
    return this.persons && this.personsByName.get(id);
  }

  /**
   * Take in what became different.
   * @returns {Set<string>} the persons whose entries are others now.
   */
  apply(change) {
    const touched = new Set();
    for (const [name, person] of Object.entries(change.moved)) {
      const entry = this.byName.get(name);
      if (!touched.has(person) && !this.#order.includes(person)) {
        this.#order.splice(this.#order.indexOf(entry.person_id) + 1, 0, person); // beside whom they came from
      }
      touched.add(entry.person_id).add(person);
      entry.person_id = person;
    }
    for (const [name, excluded] of Object.entries(change.excluded)) this.byName.get(name).excluded = excluded;
    Object.assign(this.aliases, change.aliases);
    Object.assign(this.notes, change.notes);
    this.number = change.number;
    this.steps = change.steps;
    this.#persons = null;
    return touched;
  }

  /**
   * Persons to whom entries cannot go, with the reason: nobody is at two places at once.
   * @param {Object[]} moving - the entries.
   * @returns {Map<string, string>} person → reason.
   */
  impossible(moving) {
    const coming = new Set(moving);
    const longest = Math.max(0, ...Object.values(this.least_ms).flatMap((row) => Object.values(row)));
    const found = new Map();
    for (const entry of moving) {
      for (let place = this.#firstAt(entry.at - longest); place < this.entries.length; place += 1) {
        const other = this.entries[place];
        if (other.at > entry.at + longest) break;
        if (coming.has(other) || found.has(other.person_id)) continue;
        const apart = Math.abs(other.at - entry.at);
        const isOnce = other.camera === entry.camera && apart === 0;
        if (!isOnce && apart >= this.least_ms[entry.camera][other.camera]) continue;
        found.set(other.person_id, `nobody is at two places at once: ${entry.entry_id} crossed at ${entry.camera} and ${other.entry_id} at ${other.camera}, ${(apart / 1000).toFixed(1)} s apart`);
      }
    }
    return found;
  }

  #firstAt(at) {
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.entries[middle].at < at) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Fetch what lies on a desk; `mode` says by which rule entries are persons. */
export async function loadDay(address, mode = "matched") {
  return new Day(await getJson(deskPath("/review/desk", address, mode === "matched" ? {} : { mode })));
}

function field(label, input) {
  return el("label", {}, label, input);
}

/** Without the vectors, which a review does not need and which are too much to send. */
function withoutVectors(manifest) {
  for (const person of manifest.people ?? []) for (const event of person.events ?? []) delete event.embeddings;
  return manifest;
}

async function upload(file) {
  let manifest;
  try {
    manifest = withoutVectors(JSON.parse(await file.text()));
  } catch {
    throw new Error(`${file.name} is no JSON that could be read.`);
  }
  const body = { name: file.name, manifest };
  if (JSON.stringify(body).length > MOST_UPLOAD_BYTES) throw new Error(`${file.name} is too large to be sent; open it by its path.`);
  return postJson("/review/files", body);
}

/**
 * The panel with which something is put on the desk.
 * @param {HTMLElement} place - where it goes.
 * @param {string} page - address of the page that is led to.
 * @param {boolean} open - whether it is unfolded.
 */
export function openPanel(place, page, open) {
  const answer = el("div", { "aria-live": "polite" });
  const store = el("input", { name: "store_id", list: "stores-known", required: true, maxlength: 200, placeholder: "nc0009" });
  const day = el("input", { name: "day_id", type: "date", required: true });
  const address = el("input", { name: "address", required: true, maxlength: 2000, placeholder: "/data/entry_manifest.json or gs://bucket/…" });
  const file = el("input", { type: "file", accept: ".json,application/json" });
  const known = el("div", {});
  const stores = el("datalist", { id: "stores-known" });

  const failed = (error) => answer.replaceChildren(notice("critical", "Nothing was opened", el("p", { text: error.message })));
  const go = (query) => location.assign(`${page}?${new URLSearchParams(query)}`);
  const form = (title, submit, ...children) => {
    const made = el("form", { class: "fields", "aria-label": title }, ...children, el("button", { type: "submit", text: "Open" }));
    made.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
    return made;
  };
  const opened = async (run) => {
    answer.replaceChildren(el("p", { class: "soft", text: "Opening…" }));
    try {
      go({ file: (await run()).file });
    } catch (error) {
      failed(error);
    }
  };
  file.addEventListener("change", () => { if (file.files[0]) opened(() => upload(file.files[0])); });

  place.replaceChildren(el("details", { open, class: "open-panel" }, el("summary", { text: "Open a store’s day or a manifest" }),
    form("A store’s day", () => go({ day_id: day.value, store_id: store.value.trim() }), field("Store", store), field("Day", day)),
    form("A manifest by its address", () => opened(() => postJson("/review/files", { address: address.value.trim() })), field("Path or address of a manifest", address)),
    el("div", { class: "fields" }, field("Upload a manifest", file)),
    answer, known, stores));

  getJson("/stores").then(({ stores: all }) => stores.replaceChildren(...all.map((each) => el("option", { value: each.store_id })))).catch(() => {});
  getJson("/review/files").then(({ files }) => {
    if (!files.length) return;
    const item = (each) => {
      const forget = el("button", { type: "button", class: "quiet", text: "Forget", "aria-label": `Forget ${each.name} and what was said of it` });
      const row = el("li", {}, el("a", { href: `${page}?${new URLSearchParams({ file: each.file })}`, text: each.name }),
        el("span", { class: "soft", text: ` ${each.store_id}, ${dayName(each.day_id)} ` }), forget);
      let sure = false;
      forget.addEventListener("click", async () => {
        if (!sure) { // what was said goes with it: asked twice
          sure = true;
          forget.textContent = "Forget it and all edits: sure?";
          return;
        }
        try {
          await postJson("/review/files/forget", { file: each.file });
          row.remove();
        } catch (error) {
          failed(error);
        }
      });
      return row;
    };
    known.replaceChildren(el("h3", { text: "Opened before" }), el("ul", { class: "known" }, ...files.map(item)));
  }).catch(failed);
}

/** Where nothing lies on the desk, or it could not be read. */
export function showNoDesk(place, error, again) {
  if (!error) {
    place.replaceChildren(nothing("Nothing is open. Choose a store’s day or a manifest above."));
    return;
  }
  const retry = el("button", { type: "button", text: "Try again" });
  retry.addEventListener("click", again);
  const trace = error.traceId ? [el("p", { class: "trace" }, "Trace id for the log: ", el("code", { text: error.traceId }))] : [];
  place.replaceChildren(notice("critical", "This could not be opened", el("p", { text: error.message }), ...trace, retry));
}

/** One line that says what lies on the desk. */
export function sayDay(place, day) {
  place.textContent = `${day.name} · ${dayName(day.day_id)} · ${count(day.persons.length, "person", "persons")}, ${count(day.entries.length, "entry", "entries")} · times in ${day.timezone}`;
}
