// Statements, causes and changes as sentences.
import { count, duration, MISSING, number, percent } from "../format.js";

const LINKS = {
  is_staff: (value) => (value === "true" ? "is staff" : "is not staff"),
  abandoned: (value) => (value === "true" ? "gave up queueing" : "did not give up queueing"),
  purchased: (value) => (value === "false" ? "bought nothing" : `bought: sale ${value}`),
};

/** A statement of a correction as it was asked for. */
export function asked(statement) {
  switch (statement.type) {
    case "merge": return `${statement.visitors.join(", ")} are one person`;
    case "split": return `${statement.visitor} is nobody else`;
    case "staff": return `${statement.visitor} ${LINKS.is_staff(String(statement.value))}`;
    case "abandoned": return `${statement.visitor} ${LINKS.abandoned(String(statement.value))}`;
    default: return `${statement.visitor} ${LINKS.purchased(String(statement.transaction_id))}`;
  }
}

/** What follows from it for one visitor. */
export function said({ visitor, attribute, value }) {
  if (attribute === "same_as") return visitor === value ? `${visitor} is nobody else` : `${visitor} is ${value}`;
  return `${visitor} ${LINKS[attribute](value)}`;
}

const FIGURES = {
  unique_visitors: ["visitor"], entries: ["entry", "entries"], staff_excluded: ["known as staff", "known as staff"],
  transactions: ["sale"],
  conversion_rate: ["conversion", percent], conversion_matched: ["conversion, matched", percent],
  abandonment_rate: ["left the queue", percent], avg_dwell_ms: ["average stay", duration],
};

/** `+3 visitors`, `conversion 40 % → 41 %`; one a figure that changed by as much as is shown. */
export function changes(changed) {
  return Object.entries(changed).flatMap(([name, { before, after }]) => {
    const [one, second] = FIGURES[name] ?? [name.replaceAll("_", " "), number];
    if (typeof second === "function") return second(before) === second(after) ? [] : `${one} ${second(before)} → ${second(after)}`;
    if (typeof before !== "number" || typeof after !== "number") return `${one} ${before ?? MISSING} → ${after ?? MISSING}`;
    const difference = after - before;
    const sign = difference > 0 ? "+" : "−";
    return `${sign}${count(Math.abs(difference), one, second)}`;
  });
}

/** What to say where `changes` says nothing. */
export function unchanged(changed) {
  return Object.keys(changed).length ? "figures changed by less than is shown" : "no figure changed";
}

function ofEvents(cause) {
  const cameras = Object.keys(cause.cameras);
  const named = cameras.length <= 3 ? cameras.join(", ") : count(cameras.length, "camera");
  if (!cause.late) return `${count(cause.count, "event")} of ${named}`;
  if (cause.late === cause.count) return `${count(cause.count, "late event")} of ${named}`;
  return `${count(cause.count, "event")} of ${named}, ${number(cause.late)} of them late`;
}

function ofRun(run) {
  const what = `${run.camera_id}: ${count(run.events, "event")}`;
  return run.supersedes ? `${what} take the place of an earlier run's` : `${what} of a recording`;
}

const RULE_WORDS = { same_as: "who is the same", is_staff: "who is staff" };

function ofRule(rule) {
  const parts = [];
  if (rule.said) parts.push(`said ${number(rule.said)}`);
  if (rule.taken_back) parts.push(`took back ${number(rule.taken_back)}`);
  const subject = RULE_WORDS[rule.attribute] ?? rule.attribute;
  return `${rule.reason.replace("rule:", "the rule ")} on ${subject}: ${parts.join(", ")}`;
}

/** What happened at a point of the history. */
export function cause(entry) {
  const note = entry.note ? ` (${entry.note})` : "";
  const what = () => entry.said.map(said).join("; ");
  switch (entry.kind) {
    case "events": return ofEvents(entry);
    case "runs": return entry.runs.map(ofRun).join("; ");
    case "rules": return entry.rules.map(ofRule).join("; ");
    case "correction": return `${entry.by} said: ${what()}${note}`;
    case "undo": return `${entry.by} took back: ${what()}${note}`;
    case "carried": return `${entry.by}'s word carried over to the new run: ${what()}`;
    case "transactions": return `${count(entry.count, "row")} of the till`;
    case "till_offset": return entry.action === "applied"
      ? `${entry.by} set the till's clock ${number(entry.offset_s)} s ahead of the cameras'`
      : "the offset of the till's clock was withdrawn";
    default: return entry.kind;
  }
}
