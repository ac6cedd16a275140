// Questions in a dialog: a text, or which person.
import { el } from "../dom.js";
import { count } from "../format.js";

const MOST_SHOWN = 60;

function dialog(title, ...children) {
  const made = el("dialog", { class: "asking", "aria-label": title }, el("h2", { text: title }), ...children);
  document.body.append(made);
  made.addEventListener("close", () => made.remove());
  return made;
}

/** Ask for a text; null: the person thought better of it. */
export function ask({ title, value, most, hint, long = false }) {
  return new Promise((answer) => {
    const input = el(long ? "textarea" : "input", { maxlength: most, rows: long ? 4 : null, "aria-label": title });
    input.value = value;
    const form = el("form", { method: "dialog" }, input, el("p", { class: "soft", text: hint }),
      el("div", { class: "controls" }, el("button", { type: "submit", class: "first", text: "Keep" }), el("button", { type: "button", data: { act: "cancel" }, text: "Cancel" })));
    const made = dialog(title, form);
    let kept = null;
    form.addEventListener("submit", () => { kept = input.value.trim(); });
    form.querySelector("[data-act]").addEventListener("click", () => made.close());
    made.addEventListener("close", () => answer(kept));
    made.showModal();
    input.select();
  });
}

/**
 * Ask which person; those who are impossible are grey, with the reason.
 * @returns {Promise<string|null>} their id; "" a new person; null: nobody.
 */
export function pickPerson(day, { title, impossible, without, isNew }) {
  return new Promise((answer) => {
    const search = el("input", { type: "search", "aria-label": title, placeholder: "Name or entry", role: "combobox", "aria-expanded": "true", "aria-controls": "picked" });
    const list = el("div", { id: "picked", class: "picked", role: "listbox", "aria-label": title });
    const made = dialog(title, search, list, el("p", { class: "soft", text: "↑ ↓ choose, Enter takes, Esc leaves." }));
    let picked = null;
    let at = 0;

    const options = () => [...list.querySelectorAll("[role=option]:not([aria-disabled=true])")];
    const mark = () => {
      const all = options();
      at = Math.max(0, Math.min(at, all.length - 1));
      all.forEach((node, index) => node.setAttribute("aria-selected", String(index === at)));
      if (all[at]) {
        search.setAttribute("aria-activedescendant", all[at].id);
        all[at].scrollIntoView({ block: "nearest" });
      }
    };
    const take = (node) => {
      if (!node || node.getAttribute("aria-disabled") === "true") return;
      picked = node.dataset.person;
      made.close();
    };
    const show = () => {
      const wanted = search.value.trim().toLowerCase();
      const found = day.persons.filter((person) => person.id !== without && (!wanted || person.id.toLowerCase().includes(wanted)
        || day.nameOf(person.id).toLowerCase().includes(wanted) || person.entries.some((entry) => entry.entry_id.toLowerCase().includes(wanted))));
      const option = (person, index) => {
        const reason = impossible.get(person.id);
        return el("div", { id: `picked-${index}`, role: "option", "aria-disabled": reason ? "true" : null, data: { person: person.id } },
          el("strong", { text: day.nameOf(person.id) }), el("span", { class: "soft", text: ` ${reason ?? count(person.entries.length, "entry", "entries")}` }));
      };
      const fresh = isNew && !wanted ? [el("div", { id: "picked-new", role: "option", data: { person: "" } }, el("strong", { text: "A new person" }))] : [];
      list.replaceChildren(...fresh, ...found.slice(0, MOST_SHOWN).map(option));
      if (found.length > MOST_SHOWN) list.append(el("p", { class: "soft", text: `and ${count(found.length - MOST_SHOWN, "more person", "more persons")}; write more of the name` }));
      at = 0;
      mark();
    };
    search.addEventListener("input", show);
    search.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        at += event.key === "ArrowDown" ? 1 : -1;
        event.preventDefault();
        mark();
      } else if (event.key === "Enter") {
        event.preventDefault();
        take(options()[at]);
      } else if (event.key === "Escape") { // which would empty the field first
        event.preventDefault();
        made.close();
      }
    });
    list.addEventListener("click", (event) => take(event.target.closest("[role=option]")));
    made.addEventListener("close", () => answer(picked));
    made.showModal();
    show();
  });
}
