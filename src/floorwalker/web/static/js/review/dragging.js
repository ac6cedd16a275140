// Dragging bursts and whole persons with the mouse or a pen.
import { el } from "../dom.js";
import { count } from "../format.js";

const BEGIN_PX = 6;
const EDGE_PX = 60;
const MOST_SPEED_PX = 24;

/**
 * @param {HTMLElement} host - the board's element.
 * @param {HTMLElement} fresh - where something is dropped to become a new person.
 * @param {Object} shown - the board.
 * @param {{day: () => Object, move: Function, split: Function, merge: Function, said: Function}} acts
 */
export function wireDragging(host, fresh, shown, acts) {
  let begun = null; // where the button went down, and on what
  let drag = null;
  let scrolling = 0;

  const begin = (event) => {
    const entry = begun.entry;
    const chosen = shown.chosen();
    const day = acts.day();
    const entries = entry ? (chosen.includes(entry) ? chosen : [entry]) : day.person(begun.person).entries;
    const text = entry ? count(entries.length, "entry", "entries") : day.nameOf(begun.person);
    const reasons = day.impossible(entries);
    if (entry) for (const each of entries) reasons.delete(each.person_id); // where it is, it can stay
    else reasons.delete(begun.person);
    drag = { entries, reasons, person: entry ? null : begun.person, x: event.clientX, y: event.clientY };
    drag.ghost = el("div", { class: "ghost", text });
    document.body.append(drag.ghost);
    document.body.classList.add("dragging");
    fresh.hidden = !entry;
    shown.forbid(reasons);
    host.setPointerCapture(event.pointerId);
    scroll();
  };

  const over = () => {
    const node = document.elementFromPoint(drag.x, drag.y);
    if (node && fresh.contains(node)) return { fresh: true };
    return { person: shown.personAt(node) };
  };

  const show = () => {
    drag.ghost.style.transform = `translate(${drag.x + 12}px, ${drag.y + 12}px)`;
    const target = over();
    const reason = drag.reasons.get(target.person);
    drag.ghost.classList.toggle("forbidden", Boolean(reason));
    drag.ghost.dataset.reason = reason ?? "";
    fresh.classList.toggle("target", Boolean(target.fresh));
    for (const row of host.querySelectorAll(".row")) row.classList.toggle("target", !reason && row.dataset.person === target.person);
  };

  const scroll = () => {
    if (!drag) return;
    const box = host.getBoundingClientRect();
    const inside = drag.x >= box.left && drag.x <= box.right;
    const above = box.top + EDGE_PX - drag.y;
    const below = drag.y - (box.bottom - EDGE_PX);
    const by = inside ? (above > 0 ? -above : below > 0 ? below : 0) : 0;
    if (by) {
      host.scrollTop += Math.max(-MOST_SPEED_PX, Math.min(MOST_SPEED_PX, by / 2));
      show();
    }
    scrolling = requestAnimationFrame(scroll);
  };

  const end = (event) => {
    const was = drag;
    const target = was && event.type === "pointerup" ? over() : null;
    begun = drag = null;
    cancelAnimationFrame(scrolling);
    if (!was) return;
    was.ghost.remove();
    document.body.classList.remove("dragging");
    fresh.hidden = true;
    fresh.classList.remove("target");
    shown.forbid(null);
    if (!target) return;
    const reason = was.reasons.get(target.person);
    if (reason) acts.said(reason, "refused");
    else if (target.fresh) acts.split(was.entries);
    else if (target.person && was.person) acts.merge(was.person, target.person);
    else if (target.person) acts.move(was.entries, target.person);
  };

  host.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.pointerType === "touch") return; // a finger scrolls
    const entry = shown.entryAt(event.target);
    const person = event.target.closest(".grip") && shown.personAt(event.target);
    if (entry || person) begun = { entry, person, x: event.clientX, y: event.clientY };
  });
  host.addEventListener("pointermove", (event) => {
    if (!begun) return;
    if (!drag && Math.hypot(event.clientX - begun.x, event.clientY - begun.y) < BEGIN_PX) return;
    if (!drag) begin(event);
    [drag.x, drag.y] = [event.clientX, event.clientY];
    show();
  });
  host.addEventListener("pointerup", end);
  host.addEventListener("pointercancel", end);
  host.addEventListener("lostpointercapture", end);
  addEventListener("keydown", (event) => {
    if (drag && event.key === "Escape") {
      event.stopPropagation();
      end(event);
    }
  }, { capture: true });
  host.addEventListener("click", (event) => {
    const entry = shown.entryAt(event.target);
    if (entry) shown.click(entry, event);
  });
}
