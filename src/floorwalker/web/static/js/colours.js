// The tokens of tokens.css as colours that scripts can draw with, in the theme that holds now.

/** The computed colour of a token such as `--series-1`, as [red, green, blue]. */
export function colour(token) {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  probe.hidden = true;
  document.body.append(probe);
  const rgb = getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map(Number);
  probe.remove();
  return rgb;
}

/** A colour for style attributes. */
export function css([red, green, blue]) {
  return `rgb(${Math.round(red)}, ${Math.round(green)}, ${Math.round(blue)})`;
}

/** A function from 0…100 to a colour of the heat scale. */
export function heatScale() {
  const stops = [0, 1, 2, 3, 4].map((step) => colour(`--heat-${step}`));
  return (normalized) => {
    const place = Math.min(Math.max(normalized / 25, 0), 4);
    const lower = Math.min(Math.floor(place), 3);
    return css(stops[lower].map((part, index) => part + (stops[lower + 1][index] - part) * (place - lower)));
  };
}
