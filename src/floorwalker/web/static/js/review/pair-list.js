// The list of pairs, a page at a time, each as two small strips.
import { el } from "../dom.js";
import { number } from "../format.js";
import { imageAddress, pictures } from "./pictures.js";

const STRIP_PX = 40;

/**
 * @param {HTMLElement} host - where it goes.
 * @param {string} address - of the desk.
 * @param {(pair: number) => void} chosen - called when one is clicked.
 */
export function pairList(host, address, chosen) {
  const body = el("ol", { class: "pairs" });
  const picture = pictures(body);
  const where = el("span", { class: "soft", role: "status" });
  const earlier = el("button", { type: "button", text: "←", "aria-label": "Page before" });
  const later = el("button", { type: "button", text: "→", "aria-label": "Next page" });
  host.replaceChildren(el("div", { class: "controls" }, earlier, where, later), body);
  let told = null;
  let pairs = [];
  let current = 0;
  let page = 0;
  let drawn = "";

  const word = ({ verdict, implied, mark }) => verdict ?? (implied ? `follows: ${implied}` : mark === "unreviewed" ? "" : mark);

  const item = (pair) => {
    const { entries } = told.pairs[pair];
    const strips = entries.map((name) => (told.entries[name].images
      ? picture(imageAddress(address, name, { h: STRIP_PX, most: 3 }), "") : el("span", { class: "no-image", text: "no images" })));
    const button = el("button", { type: "button", class: "quiet", "aria-current": pair === current ? "true" : null, "aria-label": `${entries.join(" and ")} ${word(told.states[pair])}`, data: { pair } },
      el("span", { class: "strips" }, ...strips), el("span", { class: "soft", text: word(told.states[pair]) }));
    button.addEventListener("click", () => chosen(pair));
    return el("li", {}, button);
  };

  const draw = () => {
    const pages = Math.max(1, Math.ceil(pairs.length / told.page_size));
    page = Math.max(0, Math.min(page, pages - 1));
    const shown = pairs.slice(page * told.page_size, (page + 1) * told.page_size);
    where.textContent = `page ${number(page + 1)} of ${number(pages)}`;
    earlier.disabled = page === 0;
    later.disabled = page === pages - 1;
    const now = shown.map((pair) => `${pair} ${word(told.states[pair])}`).join("\n");
    if (now !== drawn) {
      drawn = now;
      body.replaceChildren(...shown.map(item));
    }
    for (const button of body.querySelectorAll("button")) {
      if (Number(button.dataset.pair) === current) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
    const here = body.querySelector("[aria-current]")?.closest("li");
    if (!here) return;
    // The list is scrolled, never the page: on a narrow one the pair would leave the screen.
    const top = here.offsetTop - body.offsetTop;
    if (top < body.scrollTop) body.scrollTop = top;
    else if (top + here.offsetHeight > body.scrollTop + body.clientHeight) body.scrollTop = top + here.offsetHeight - body.clientHeight;
  };
  earlier.addEventListener("click", () => { page -= 1; draw(); });
  later.addEventListener("click", () => { page += 1; draw(); });

  return {
    show(all, left, at) {
      told = all;
      pairs = left;
      current = at;
      const place = left.indexOf(at);
      if (place >= 0) page = Math.floor(place / told.page_size);
      draw();
    },
  };
}
