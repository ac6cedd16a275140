// Who was here that day: a list to choose from.
import { el, nothing } from "../dom.js";
import { clock, count, number } from "../format.js";

const MOST_ROWS = 300;

function states(person) {
  const found = [];
  if (person.is_staff) found.push(["info", "staff"]);
  if (person.purchased) found.push(["good", "bought"]);
  if (person.abandoned) found.push(["warn", "gave up"]);
  if (person.reentries) found.push(["", `came back ${person.reentries === 1 ? "once" : `${person.reentries} times`}`]);
  return found.map(([level, word]) => el("span", { class: `badge ${level}`, text: word }));
}

/** The names under which cameras saw a person, each of which can be taken out. */
function otherNames(person, takeOut) {
  if (person.observed_ids.length < 2) return [];
  const buttons = person.observed_ids.map((name) => {
    const button = el("button", { type: "button", text: `${name} ✕`, "aria-label": `${name} is somebody else`, title: "This is somebody else" });
    button.addEventListener("click", () => takeOut(name));
    return button;
  });
  return [el("div", { class: "names" }, "seen as ", ...buttons)];
}

/**
 * The list; it keeps who is chosen while it is filled anew.
 * @param {HTMLElement} place - where it goes.
 * @param {string} zone - the store's time zone.
 * @param {(chosen: Object[]) => void} changed - told who is chosen.
 * @param {(name: string) => void} takeOut - asked to take one of a person's names out.
 */
export function peopleList(place, zone, changed, takeOut) {
  let people = [];
  const chosen = new Set();
  const search = el("input", { type: "search", "aria-label": "Find by name or zone", placeholder: "Find by name or zone" });
  const told = el("span", { class: "soft", role: "status" });
  const body = el("tbody", { role: "rowgroup" });
  const head = el("tr", { role: "row" }, ...["Person", "First seen", "Last seen", "Where", "State"].map((text) => el("th", { scope: "col", role: "columnheader", text })));
  const table = el("table", { role: "table" }, el("caption", { class: "visually-hidden", text: "Who was here" }), el("thead", { role: "rowgroup" }, head), body);
  const scroll = el("div", { class: "scroll people", tabindex: "0", role: "region", "aria-label": "Who was here" }, table);
  const whole = [el("div", { class: "seek" }, search, told), scroll];

  const row = (person) => {
    const box = el("input", { type: "checkbox", value: person.visitor_id });
    box.checked = chosen.has(person.visitor_id);
    box.addEventListener("change", () => {
      if (box.checked) chosen.add(person.visitor_id);
      else chosen.delete(person.visitor_id);
      changed(people.filter((each) => chosen.has(each.visitor_id)));
    });
    // On a narrow page a row is a stack, each part under its name; the roles keep it a table all the same.
    const cell = (title, ...parts) => el("td", { role: "cell", data: { title } }, ...parts);
    return el("tr", { role: "row", data: { visitor: person.visitor_id } },
      el("th", { scope: "row", role: "rowheader" }, el("label", {}, box, el("span", { text: person.visitor_id })), ...otherNames(person, takeOut)),
      cell("First seen", clock(person.first_seen, zone)), cell("Last seen", clock(person.last_seen, zone)),
      cell("Where", person.zones.join(", ") || "door only"), cell("State", ...states(person)));
  };

  const show = () => {
    const wanted = search.value.trim().toLowerCase();
    const found = people.filter((person) => !wanted
      || [...person.observed_ids, person.visitor_id, ...person.zones].some((text) => text.toLowerCase().includes(wanted)));
    // Who is chosen stays in sight, whatever is looked for.
    const listed = people.filter((person) => chosen.has(person.visitor_id) || found.includes(person));
    const shown = listed.slice(0, MOST_ROWS);
    const focused = body.contains(document.activeElement) ? document.activeElement.value : null;
    body.replaceChildren(...shown.map(row));
    if (focused) body.querySelector(`input[value="${CSS.escape(focused)}"]`)?.focus();
    told.textContent = shown.length < listed.length
      ? `the first ${number(shown.length)} of ${count(listed.length, "person", "people")}`
      : count(listed.length, "person", "people");
  };
  search.addEventListener("input", show);

  return {
    fill(listed) {
      people = listed;
      const known = new Set(people.map((person) => person.visitor_id));
      chosen.forEach((name) => { if (!known.has(name)) chosen.delete(name); });
      if (!people.length) place.replaceChildren(nothing("Nobody was seen that day."));
      else if (!scroll.isConnected) place.replaceChildren(...whole);
      show();
      changed(people.filter((each) => chosen.has(each.visitor_id)));
    },
    clear() {
      chosen.clear();
      show();
      changed([]);
    },
  };
}
