// A long list of rows of which only those in sight are in the page.

const OVERSCAN_PX = 400;

/**
 * @param {HTMLElement} host - scrolls; its rows are placed in it.
 * @param {(index: number) => number} heightOf - a row's height in pixels.
 * @param {(index: number) => HTMLElement} render - makes a row.
 */
export function virtualRows(host, heightOf, render) {
  const space = document.createElement("div");
  space.className = "space";
  host.replaceChildren(space);
  let tops = new Float64Array(1);
  const shown = new Map(); // row → element
  let pending = 0;

  const rowAt = (y) => { // the last row that begins at or above y
    let low = 0;
    let high = tops.length - 2;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (tops[middle] <= y) low = middle;
      else high = middle - 1;
    }
    return Math.max(low, 0);
  };

  const paint = () => {
    pending = 0;
    const count = tops.length - 1;
    const first = rowAt(host.scrollTop - OVERSCAN_PX);
    const last = count ? rowAt(host.scrollTop + host.clientHeight + OVERSCAN_PX) : -1;
    for (const [index, node] of shown) {
      if (index < first || index > last) {
        node.remove();
        shown.delete(index);
      }
    }
    for (let index = first; index <= last; index += 1) {
      if (shown.has(index)) continue;
      const node = render(index);
      node.style.transform = `translateY(${tops[index]}px)`;
      node.style.height = `${tops[index + 1] - tops[index]}px`;
      shown.set(index, node);
      space.append(node);
    }
  };
  const schedule = () => { pending ||= requestAnimationFrame(paint); };
  host.addEventListener("scroll", schedule, { passive: true });
  new ResizeObserver(schedule).observe(host);

  return {
    /** Begin anew with so many rows; the scroll stays. */
    set(count) {
      tops = new Float64Array(count + 1);
      for (let index = 0; index < count; index += 1) tops[index + 1] = tops[index] + heightOf(index);
      space.style.height = `${tops[count]}px`;
      shown.forEach((node) => node.remove());
      shown.clear();
      paint();
    },
    /** Make the rows in sight again. */
    redraw() {
      shown.forEach((node) => node.remove());
      shown.clear();
      paint();
    },
    /** Bring a row into sight. */
    reveal(index) {
      const [top, bottom] = [tops[index], tops[index + 1]];
      if (top < host.scrollTop) host.scrollTop = top;
      else if (bottom > host.scrollTop + host.clientHeight) host.scrollTop = bottom - host.clientHeight;
      paint();
    },
    /** Where a row begins, in pixels from the first. */
    topOf: (index) => tops[index],
    /** The row at the upper edge, and how far it is scrolled out. */
    anchor() {
      const index = rowAt(host.scrollTop);
      return { index, offset: host.scrollTop - tops[index] };
    },
    /** Scroll so that a row is at the upper edge. */
    restore(index, offset) {
      host.scrollTop = tops[index] + offset;
      paint();
    },
  };
}
