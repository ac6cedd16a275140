// Thumbnails: fetched when they come into sight and the scrolling rests.
import { el } from "../dom.js";
import { deskPath } from "./desk.js";

const REST_MS = 90;
const MOST_KNOWN = 3_000;

/** Address of one of an entry's images, or of all as a strip. */
export function imageAddress(address, entryId, more) {
  return deskPath("/api/image", address, { entry: entryId, ...more });
}

/**
 * Makes pictures that are fetched once the page rests; what was fetched before is shown at once.
 * @param {HTMLElement} host - scrolls; null: nothing does.
 */
export function pictures(host = null) {
  const fetched = new Set(); // bounded by MOST_KNOWN; the browser keeps the pictures themselves
  let waiting = [];
  let timer = 0;

  const begin = (image) => {
    if (fetched.size > MOST_KNOWN) fetched.clear();
    fetched.add(image.dataset.src);
    image.src = image.dataset.src;
  };
  const rest = () => {
    timer = 0;
    for (const image of waiting) if (image.isConnected) begin(image);
    waiting = [];
  };
  const put = () => {
    clearTimeout(timer);
    timer = setTimeout(rest, REST_MS);
  };
  host?.addEventListener("scroll", () => { if (waiting.length) put(); }, { passive: true });

  return (source, alt, attributes = {}) => {
    const image = el("img", { alt, decoding: "async", draggable: "false", data: { src: source }, ...attributes });
    image.addEventListener("error", () => { image.classList.add("missing"); image.alt = "no image"; });
    if (fetched.has(source)) image.src = source;
    else {
      waiting.push(image);
      if (!timer || host) put();
    }
    return image;
  };
}
