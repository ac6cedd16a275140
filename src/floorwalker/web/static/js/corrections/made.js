// What people corrected, with a way back.
import { el, fill, nothing, notice } from "../dom.js";
import { count, dayAndClock } from "../format.js";
import { asked, said } from "./words.js";

const STATES = {
  holds: ["good", "holds"], open: ["warn", "open"], undone: ["", "undone"], replaced: ["", "replaced by a later word"],
};

function act(text, run) {
  const button = el("button", { type: "button", text });
  button.addEventListener("click", () => { button.disabled = true; run().finally(() => { button.disabled = false; }); });
  return button;
}

/** Who said it, and by whose key where that is another name: anybody can sign with any name. */
function signed(by, keyName) {
  return keyName && keyName !== by ? `${by} (key ${keyName})` : by;
}

function entry(correction, zone, acts) {
  const [level, word] = STATES[correction.state];
  const hints = [];
  if (correction.state === "open") {
    hints.push(`A recording was processed anew, and it is not clear who is meant now: ${correction.open_statements.map(said).join("; ")}. Say it again of the right person, then undo this.`);
  }
  if (correction.resolutions.some((each) => each.carried)) hints.push("Carried over to a later run.");
  if (correction.forced) hints.push("Made although it seemed impossible.");
  if (correction.undone_at) hints.push(`Undone by ${signed(correction.undone_by, correction.undone_key_name)}, ${dayAndClock(correction.undone_at, zone)}.`);
  return el("li", { class: correction.state, data: { correction: correction.correction_id } },
    el("div", { class: "headline" },
      el("h3", { text: signed(correction.by, correction.key_name) }),
      el("time", { datetime: correction.made_at, text: dayAndClock(correction.made_at, zone) }),
      el("span", { class: `badge ${level}`, text: word })),
    el("ul", { class: "said" }, ...correction.statements.map((each) => el("li", { text: asked(each) }))),
    ...(correction.note ? [el("p", { class: "note", text: `“${correction.note}”` })] : []),
    ...hints.map((text) => el("p", { class: "hint", text })),
    correction.undone_at ? act("Say it again", () => acts.repeat(correction)) : act("Undo", () => acts.undo(correction)));
}

/** Show `/corrections`, those that need a person first; `acts` has `undo` and `repeat`. */
export function showMade(place, answer, zone, acts) {
  const all = answer.corrections.toReversed();
  const open = all.filter((each) => each.state === "open");
  const rest = all.filter((each) => each.state !== "open");
  if (!all.length) {
    fill(place, nothing("Nobody has corrected anything of this day."));
    return;
  }
  const warning = open.length
    ? [notice("warn", `${count(open.length, "correction")} to look at`, el("p", { text: "Their words reach nobody since a recording was processed anew." }))]
    : [];
  fill(place, ...warning, el("ul", { class: "made" }, ...[...open, ...rest].map((each) => entry(each, zone, acts))));
}
