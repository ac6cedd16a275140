// The board: persons as rows of bursts, with a cursor and what is chosen.
import { el } from "../dom.js";
import { count } from "../format.js";
import { imageAddress, pictures } from "./pictures.js";
import { virtualRows } from "./rows.js";

const HEAD_PX = 40;
const LINE_PX = 124;
const CARD_PX = 178;
const MARGIN_PX = 12;

const FILTERS = {
  all: () => true,
  single: (person) => person.entries.length === 1,
  several: (person) => person.entries.length > 1,
  excluded: (person) => person.entries.some((entry) => entry.excluded),
};

/**
 * @param {HTMLElement} host - scrolls; has the focus for all cards in it.
 * @param {string} address - of the desk.
 * @param {{changed: () => void, namePerson: (id: string) => void}} told - called when what is chosen changes.
 */
export function board(host, address, told) {
  let day = null;
  let lines = []; // a person's head, or some of their bursts
  let lineOf = new Map(); // entry → line
  let persons = [];
  let cursor = null;
  let anchor = null;
  let forbidden = null; // person → reason, while something is dragged
  let wanted = "";
  let which = "all";
  let clock = null;
  const chosen = new Set();
  const picture = pictures(host);

  const card = (entry) => {
    const strip = entry.images
      ? picture(imageAddress(address, entry.entry_id, { h: 72 }), "")
      : el("span", { class: "no-image", text: "no images" });
    const node = el("div", {
      class: "card-burst", id: `entry-${day.place.get(entry)}`, role: "option", "aria-selected": String(chosen.has(entry)),
      "aria-label": `${entry.entry_id}, ${clock.format(entry.at)}, ${entry.camera}, ${entry.direction === "entry" ? "in" : "out"}${entry.excluded ? ", left out" : ""}`,
      title: `${entry.entry_id}\n${entry.camera}`, data: { entry: entry.entry_id },
    }, el("div", { class: "strip" }, strip),
    el("p", {}, el("strong", { text: clock.format(entry.at) }), ` ${entry.direction === "entry" ? "in" : "out"} · ${entry.camera}`),
    el("p", { class: "soft", text: entry.excluded ? `left out · ${entry.entry_id}` : entry.entry_id }));
    node.classList.toggle("cursor", entry === cursor);
    node.classList.toggle("excluded", entry.excluded);
    return node;
  };

  const head = (person, reason) => {
    const alias = day.aliases[person.id];
    const times = person.entries.length > 1 ? `${clock.format(person.entries[0].at)} to ${clock.format(person.entries.at(-1).at)}` : clock.format(person.entries[0].at);
    const grip = el("span", { class: "grip", "aria-hidden": "true", title: "Drag to another person to join them", text: "⠿" });
    const name = el("button", { type: "button", class: "quiet name", tabindex: "-1", text: alias || person.id, title: "Rename" });
    name.addEventListener("click", () => told.namePerson(person.id));
    const facts = `${alias ? `${person.id} · ` : ""}${count(person.entries.length, "entry", "entries")} · ${times}`;
    return [grip, name, el("span", { class: "soft", text: reason ?? facts }),
      day.notes[person.id] && !reason ? el("span", { class: "soft note", text: day.notes[person.id], title: day.notes[person.id] }) : ""];
  };

  const render = (index) => {
    const line = lines[index];
    const reason = forbidden?.get(line.person.id);
    const node = line.from === undefined
      ? el("div", { class: "row head", role: "presentation" }, ...head(line.person, reason))
      : el("div", { class: "row bursts", role: "presentation" }, ...line.person.entries.slice(line.from, line.to).map(card));
    node.dataset.person = line.person.id;
    node.classList.toggle("forbidden", reason !== undefined);
    return node;
  };
  const list = virtualRows(host, (index) => (lines[index].from === undefined ? HEAD_PX : LINE_PX), render);
  const perLine = () => Math.max(1, Math.floor((host.clientWidth - MARGIN_PX) / CARD_PX));

  const lay = () => {
    const each = perLine();
    lines = [];
    lineOf = new Map();
    persons = day.persons.filter((person) => FILTERS[which](person) && (!wanted || matches(person)));
    for (const person of persons) {
      lines.push({ person });
      for (let from = 0; from < person.entries.length; from += each) {
        const to = Math.min(from + each, person.entries.length);
        for (let place = from; place < to; place += 1) lineOf.set(person.entries[place], lines.length);
        lines.push({ person, from, to });
      }
    }
    for (const entry of chosen) if (!lineOf.has(entry)) chosen.delete(entry);
    if (!lineOf.has(cursor)) cursor = persons[0]?.entries[0] ?? null;
    list.set(lines.length);
    host.hidden = !lines.length;
    mark();
  };
  const matches = (person) => person.id.toLowerCase().includes(wanted) || day.nameOf(person.id).toLowerCase().includes(wanted)
    || person.entries.some((entry) => entry.entry_id.toLowerCase().includes(wanted) || entry.camera.toLowerCase().includes(wanted));

  /** Show cursor and choice on what is in the page. */
  const mark = () => {
    for (const node of host.querySelectorAll(".card-burst")) {
      const entry = day.byName.get(node.dataset.entry);
      node.classList.toggle("cursor", entry === cursor);
      node.setAttribute("aria-selected", String(chosen.has(entry)));
    }
    if (cursor) host.setAttribute("aria-activedescendant", `entry-${day.place.get(cursor)}`);
    else host.removeAttribute("aria-activedescendant");
    told.changed();
  };

  const go = (entry) => {
    if (!entry) return;
    cursor = entry;
    const line = lineOf.get(entry);
    list.reveal(lines[line].from === 0 ? line - 1 : line); // with the head above
    list.reveal(line);
    mark();
  };

  let width = 0;
  new ResizeObserver(() => {
    const now = perLine();
    if (day && now !== width) {
      width = now;
      lay();
    }
  }).observe(host);

  return {
    show(told) {
      day = told;
      day.place = new Map(day.entries.map((entry, index) => [entry, index]));
      clock = new Intl.DateTimeFormat("en-GB", { timeZone: day.timezone, hourCycle: "h23", hour: "2-digit", minute: "2-digit", second: "2-digit" });
      chosen.clear();
      width = perLine();
      lay();
    },
    /** Lay everything out again; whoever is at the upper edge and was not touched stays there. */
    refresh(touched) {
      const { index, offset } = list.anchor();
      const stays = lines.slice(index, index + 60).find((line) => line.from === undefined && !touched.has(line.person.id));
      const below = stays ? list.topOf(lines.indexOf(stays)) - list.topOf(index) - offset : 0;
      lay();
      const now = stays ? lines.findIndex((line) => line.from === undefined && line.person.id === stays.person.id) : -1;
      if (now >= 0) list.restore(now, -below);
    },
    filter(text, kind) {
      [wanted, which] = [text, kind];
      host.scrollTop = 0;
      lay();
      return persons.length;
    },
    chosen: () => [...chosen],
    cursor: () => cursor,
    choose(entries) {
      chosen.clear();
      for (const entry of entries) chosen.add(entry);
      mark();
    },
    toggle(entry = cursor) {
      if (!entry) return;
      if (!chosen.delete(entry)) chosen.add(entry);
      cursor = anchor = entry;
      mark();
    },
    togglePerson() {
      const person = cursor && day.person(cursor.person_id);
      if (!person) return;
      const all = person.entries.every((entry) => chosen.has(entry));
      for (const entry of person.entries) if (all) chosen.delete(entry); else chosen.add(entry);
      mark();
    },
    /** A click: alone, with Ctrl to add, with Shift up to there. */
    click(entry, event) {
      if (event.shiftKey && anchor && lineOf.has(anchor)) {
        const all = persons.flatMap((person) => person.entries);
        const [one, other] = [all.indexOf(anchor), all.indexOf(entry)].sort((a, b) => a - b);
        for (const each of all.slice(one, other + 1)) chosen.add(each);
      } else if (event.ctrlKey || event.metaKey) {
        if (!chosen.delete(entry)) chosen.add(entry);
        anchor = entry;
      } else {
        chosen.clear();
        chosen.add(entry);
        anchor = entry;
      }
      cursor = entry;
      mark();
    },
    /** The cursor does not go with entries that leave: it stays where the work goes on. */
    stay(leaving) {
      const gone = new Set(leaving);
      if (!gone.has(cursor)) return;
      const all = persons.flatMap((person) => person.entries);
      const here = all.indexOf(cursor);
      cursor = all.slice(here).find((entry) => !gone.has(entry)) ?? all.slice(0, here).findLast((entry) => !gone.has(entry)) ?? cursor;
    },
    step(by) {
      const line = lines[lineOf.get(cursor)];
      if (!line) return;
      const place = line.person.entries.indexOf(cursor) + by;
      if (place >= 0 && place < line.person.entries.length) return go(line.person.entries[place]);
      const next = persons[persons.indexOf(line.person) + by];
      go(by > 0 ? next?.entries[0] : next?.entries.at(-1));
    },
    stepLine(by) {
      const at = lineOf.get(cursor);
      if (at === undefined) return;
      const column = lines[at].person.entries.indexOf(cursor) - lines[at].from;
      let next = at + by;
      while (lines[next] && lines[next].from === undefined) next += by;
      if (!lines[next]) return;
      go(lines[next].person.entries[Math.min(lines[next].from + column, lines[next].to - 1)]);
    },
    end(last) {
      go(last ? persons.at(-1)?.entries.at(-1) : persons[0]?.entries[0]);
    },
    entryAt: (node) => day?.byName.get(node?.closest?.(".card-burst")?.dataset.entry),
    personAt: (node) => node?.closest?.(".row")?.dataset.person,
    /** While something is dragged: who cannot have it, with the reason; null: nothing is. */
    forbid(reasons) {
      forbidden = reasons;
      list.redraw();
    },
    focus: () => host.focus({ preventScroll: true }),
  };
}
