// The manifest viewer: persons with their crossings, found by entry, person or camera.
import { el, nothing } from "./dom.js";
import { count } from "./format.js";
import { deskAddress, loadDay, openPanel, sayDay, showNoDesk } from "./review/desk.js";
import { imageAddress, pictures } from "./review/pictures.js";
import { virtualRows } from "./review/rows.js";

const HEAD_PX = 44;
const ROW_PX = 92;
const place = (id) => document.getElementById(id);
const address = deskAddress();
const host = place("rows");
const picture = pictures(host);
let day = null;
let rows = [];

const list = virtualRows(host, (index) => (rows[index].entry ? ROW_PX : HEAD_PX), (index) => (rows[index].entry ? entryRow(rows[index].entry) : headRow(rows[index].person)));

function clockOf(at) {
  return new Intl.DateTimeFormat("en-GB", { timeZone: day.timezone, hourCycle: "h23", hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(at);
}

function headRow(person) {
  const alias = day.aliases[person.id];
  return el("div", { class: "row head", data: { person: person.id } },
    el("h2", { text: alias || person.id }),
    el("span", { class: "soft", text: `${alias ? `${person.id} · ` : ""}${count(person.entries.length, "entry", "entries")}, first at ${clockOf(person.entries[0].at)}` }),
    day.notes[person.id] ? el("span", { class: "soft note", text: day.notes[person.id], title: day.notes[person.id] }) : "");
}

function attributes(attrs) {
  return Object.entries(attrs).map(([name, value]) => {
    const shown = value !== null && typeof value === "object" && !Array.isArray(value)
      ? Object.entries(value).map(([label, share]) => `${label} ${Number(share).toFixed(2)}`).join(", ") : String(value);
    return `${name}: ${shown}`;
  }).join(" · ");
}

function score(value) {
  return value === -1 ? "–" : value.toFixed(3);
}

function entryRow(entry) {
  const strip = entry.images
    ? picture(imageAddress(address, entry.entry_id, { h: 80 }), `Images of ${entry.entry_id}`)
    : el("span", { class: "no-image", text: "no images" });
  const badges = [el("span", { class: "badge", text: entry.direction })];
  if (entry.excluded) badges.push(el("span", { class: "badge warn", text: "not in ground truth" }));
  const facts = [entry.camera, `score ${score(entry.score)}`, `second ${score(entry.score2)}`];
  if (entry.alert_id) facts.push(`alert ${entry.alert_id}`);
  const known = attributes(entry.attrs);
  return el("div", { class: "row event", data: { entry: entry.entry_id } }, el("div", { class: "strip" }, strip),
    el("div", { class: "facts" },
      el("p", {}, el("strong", { text: clockOf(entry.at) }), " ", ...badges, " ", el("code", { text: entry.entry_id })),
      el("p", { class: "soft", text: facts.join(" · ") }),
      el("p", { class: "soft attrs", text: known, title: known })));
}

/** The persons of an entry's name keep all their crossings; a camera leaves the others' out. */
function show() {
  const wanted = place("find").value.trim().toLowerCase();
  const camera = place("camera").value;
  const direction = place("direction").value;
  rows = [];
  let people = 0;
  let events = 0;
  for (const person of day.persons) {
    const named = !wanted || person.id.toLowerCase().includes(wanted) || day.nameOf(person.id).toLowerCase().includes(wanted)
      || person.entries.some((entry) => entry.entry_id.toLowerCase().includes(wanted));
    const left = named ? person.entries.filter((entry) => (!camera || entry.camera === camera) && (!direction || entry.direction === direction)) : [];
    if (!left.length) continue;
    people += 1;
    events += left.length;
    rows.push({ person }, ...left.map((entry) => ({ entry })));
  }
  host.scrollTop = 0;
  list.set(rows.length);
  place("found").textContent = `${count(people, "person", "persons")}, ${count(events, "entry", "entries")}`;
  place("none").replaceChildren(...(rows.length ? [] : [nothing(day.entries.length ? "Nothing is called so." : "Nothing was matched in this store on this day.")]));
  host.hidden = !rows.length;
}

async function begin() {
  place("mode").hidden = !new URLSearchParams(address).has("store_id"); // a manifest alone cannot be clustered
  place("viewer").hidden = true;
  if (!address) {
    showNoDesk(place("notices"), null);
    return;
  }
  try {
    day = await loadDay(address, place("mode").value);
  } catch (error) {
    showNoDesk(place("notices"), error, begin);
    return;
  }
  place("notices").replaceChildren();
  place("viewer").hidden = false;
  sayDay(place("what"), day);
  const cameras = [...new Set(day.entries.map((entry) => entry.camera))].sort();
  const chosen = place("camera").value;
  place("camera").replaceChildren(new Option("all cameras", ""), ...cameras.map((name) => new Option(name, name)));
  if (cameras.includes(chosen)) place("camera").value = chosen;
  for (const link of document.querySelectorAll("a[data-same-desk]")) link.search = `?${address}`;
  const wanted = new URLSearchParams(location.search).get("entry_id");
  if (wanted && !place("find").value) place("find").value = wanted;
  show();
}

openPanel(place("open"), location.pathname, !address);
place("mode").addEventListener("change", begin);
for (const id of ["find", "camera", "direction"]) place(id).addEventListener("input", () => show());
await begin();
document.body.dataset.ready = "yes";
