// Building elements without ever reading text as markup.

/**
 * One element.
 * @param {string} tag - its name; `svg:` in front makes it an SVG element.
 * @param {Object} [attributes] - `text` sets the text, `data` an object of data attributes.
 * @param {...(Node|string)} children - what it holds.
 */
export function el(tag, attributes = {}, ...children) {
  const node = tag.startsWith("svg:")
    ? document.createElementNS("http://www.w3.org/2000/svg", tag.slice(4))
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") node.textContent = value;
    else if (name === "data") Object.assign(node.dataset, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

/** A paragraph that stands where a chart or list has nothing to show. */
export function nothing(text) {
  return el("p", { class: "nothing", text });
}

/**
 * The table behind a chart, folded away.
 * @param {string} caption - what the rows are.
 * @param {{title: string, number?: boolean}[]} columns - the first one names the row.
 * @param {(string|{text: string, figure: string})[][]} rows - cells; `figure` names the API's field.
 * @param {boolean} open - whether it is unfolded.
 */
export function tableBehind(caption, columns, rows, open = false) {
  const side = (column) => (column.number ? "number" : null);
  const head = el("tr", {}, ...columns.map((column) =>
    el("th", { scope: "col", class: side(column), text: column.title })));
  const body = rows.map((row) => el("tr", {}, ...row.map((cell, index) => {
    const { text, figure } = typeof cell === "object" ? cell : { text: cell };
    return el(index === 0 ? "th" : "td", {
      scope: index === 0 ? "row" : null, class: side(columns[index]), text, data: figure ? { figure } : {},
    });
  })));
  const table = el("table", {}, el("caption", { text: caption }), el("thead", {}, head), el("tbody", {}, ...body));
  // A region that scrolls has to be reachable by the keyboard.
  const scroll = el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, table);
  return el("details", { open }, el("summary", { text: "The numbers behind it" }), scroll);
}

/** Replace what a place holds; an unfolded table stays unfolded, and an unchanged scroll stays put. */
export function fill(place, ...children) {
  const wasOpen = place.querySelector("details")?.open ?? false;
  const scrolled = place.querySelector(".scroll")?.scrollTop ?? 0;
  place.replaceChildren(...children);
  const details = place.querySelector("details");
  if (details && wasOpen) {
    details.open = true;
    details.querySelector(".scroll").scrollTop = scrolled;
  }
}

/** A notice; `level` is info, warn or critical. */
export function notice(level, title, ...children) {
  const heading = title ? [el("h2", { text: title })] : [];
  return el("div", { class: `notice ${level}`, role: level === "critical" ? "alert" : "status" }, ...heading, ...children);
}

/** A notice that the address names no day; `text` is what it names. */
export function noSuchDay(text) {
  return notice("warn", `There is no day “${text.slice(0, 40)}”`,
    el("p", { text: "Shown instead is the latest day with data. A day is written as 2026-03-03." }));
}
