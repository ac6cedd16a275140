// One key an act: what is pressed, and the legend that says so.
import { el } from "../dom.js";

const NAMES = { " ": "Space", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc" };

function isWriting(target) {
  return target.closest("input, textarea, select, [contenteditable], dialog") !== null;
}

/**
 * Wire keys.
 * @param {{keys: string[], text: string, run: (event: KeyboardEvent) => void, hidden?: boolean}[]} acts - `ctrl+z` names a key with Ctrl or ⌘.
 * @param {(event: KeyboardEvent) => boolean} holds - whether keys are meant for the acts now.
 */
export function wireKeys(acts, holds = () => true) {
  const byKey = new Map(acts.flatMap((act) => act.keys.map((key) => [key, act])));
  document.addEventListener("keydown", (event) => {
    if (event.altKey || isWriting(event.target) || document.querySelector("dialog[open]")) return;
    const control = event.ctrlKey || event.metaKey;
    const shift = event.shiftKey && control ? "shift+" : "";
    const act = byKey.get(`${control ? "ctrl+" : ""}${shift}${control ? event.key.toLowerCase() : event.key}`);
    // A button that has the focus keeps the keys with which it is pressed.
    const pressing = (event.key === " " || event.key === "Enter") && event.target.closest("button, a, summary");
    if (!act || pressing || !holds(event)) return;
    event.preventDefault();
    act.run(event);
  });
}

/** The legend of keys. */
export function legend(acts) {
  const shown = acts.filter((act) => !act.hidden);
  return el("ul", { class: "keys", "aria-label": "Keys" }, ...shown.map((act) =>
    el("li", {}, ...act.keys.filter((key) => !key.startsWith("ctrl+")).map((key) => el("kbd", { text: NAMES[key] ?? key })), ` ${act.text}`)));
}
