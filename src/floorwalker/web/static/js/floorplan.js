// The heatmap: zones as outlines in metres over the floor plan, coloured by how many stay there.
import { heatScale } from "./colours.js";
import { el } from "./dom.js";
import { count, duration, number, words } from "./format.js";

/** Area-weighted middle of an outline in metres; falls back to the mean of its corners. */
function middle(outline) {
  let area = 0, x = 0, y = 0;
  outline.forEach(([x1, y1], index) => {
    const [x2, y2] = outline[(index + 1) % outline.length];
    const cross = x1 * y2 - x2 * y1;
    area += cross;
    x += (x1 + x2) * cross;
    y += (y1 + y2) * cross;
  });
  if (Math.abs(area) > 1e-9) return [x / (3 * area), y / (3 * area)];
  const mean = (axis) => outline.reduce((sum, point) => sum + point[axis], 0) / outline.length;
  return [mean(0), mean(1)];
}

function metreGrid(width, depth, step) {
  const group = el("svg:g", { class: "grid", "stroke-width": width / 800, "aria-hidden": "true" });
  for (let x = step; x < width; x += step) group.append(el("svg:line", { x1: x, x2: x, y1: 0, y2: depth }));
  for (let y = step; y < depth; y += step) group.append(el("svg:line", { x1: 0, x2: width, y1: y, y2: y }));
  return group;
}

function hatching(size) {
  const line = el("svg:line", { class: "hatch", x1: 0, y1: 0, x2: 0, y2: size, "stroke-width": size * 0.35 });
  const pattern = el("svg:pattern", {
    id: "hatching", width: size, height: size, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)",
  }, line);
  return el("svg:defs", {}, pattern);
}

const pencil = document.createElement("canvas").getContext("2d");

/** Width of a label's text in ems; its first line, the name, is bold. */
function textWidth(line, bold) {
  pencil.font = `${bold ? 600 : 400} 100px ${getComputedStyle(document.body).fontFamily}`;
  return pencil.measureText(line).width / 100;
}

const chipWidth = (lines, em) => em * (0.8 + Math.max(...lines.map((line, index) => textWidth(line, index === 0))));
const chipHeight = (lines, em) => lines.length * em * 1.25 + em * 0.5;

/** The fullest of several labels that fits its zone; a name alone may reach out a little before it is cut. */
function fitting(variants, outline, em) {
  const extent = (axis) => {
    const values = outline.map((point) => point[axis]);
    return Math.max(...values) - Math.min(...values);
  };
  const wide = extent(0), high = extent(1) * 1.1;
  const fits = variants.find((lines) => chipWidth(lines, em) <= wide && chipHeight(lines, em) <= high);
  if (fits) return fits;
  let [name] = variants.at(-1);
  if (chipWidth([name], em) <= wide * 1.3) return [name];
  while (name.length > 3 && chipWidth([`${name}…`], em) > wide) name = name.slice(0, -1);
  return [`${name}…`];
}

/** A label on its own ground, so that it can be read over any colour and picture. */
function chip(lines, x, y, em, bounds) {
  const group = el("svg:g", { "pointer-events": "none", "aria-hidden": "true" });
  const wide = chipWidth(lines, em);
  const high = chipHeight(lines, em);
  const left = Math.min(Math.max(x - wide / 2, 0), Math.max(bounds.width - wide, 0));
  const top = Math.min(Math.max(y - high / 2, 0), Math.max(bounds.depth - high, 0));
  group.append(el("svg:rect", {
    class: "chip", x: left, y: top, width: wide, height: high, rx: em * 0.2, "stroke-width": em * 0.06, "fill-opacity": 0.94,
  }));
  lines.forEach((line, index) => group.append(el("svg:text", {
    class: index ? "soft" : null, x: left + wide / 2, y: top + em * (1.15 + 1.25 * index), "font-size": em,
    "text-anchor": "middle", "font-weight": index ? 400 : 600, text: line,
  })));
  return group;
}

/** The heat that a zone is painted with: customers are not looked for in staff's rooms. */
function heatIn(zone, heatmap) {
  const heat = heatmap[zone.zone_id];
  return zone.kind === "staff-only" || !heat || heat.frequency === null ? null : heat;
}

/** What a zone without heat is. */
function coldWords(zone, heatmap) {
  return heatmap[zone.zone_id]?.frequency === null ? "No camera watched" : words(zone.kind);
}

function describe(zone, heat, cold) {
  if (!heat) return `${zone.zone_id}: ${cold}`;
  const low = heat.data_confidence === "low" ? ", few visits, so uncertain" : "";
  return `${zone.zone_id}: ${count(heat.frequency, "visit")}, ${duration(heat.avg_dwell_ms)} on average, `
    + `heat ${number(heat.normalized)} of 100${low}`;
}

/** A zone's label, the fullest first. */
function labelsOf(zone, heat, cold) {
  const name = zone.zone_id;
  if (!heat) return [[name, cold], [name]];
  const visits = count(heat.frequency, "visit");
  if (!heat.frequency) return [[name, visits], [name]];
  const stay = duration(heat.avg_dwell_ms);
  return [[name, `${visits} · ${stay}`], [name, visits, stay], [name, visits], [name]];
}

/**
 * Draw the plan.
 * @param {{floor_plan: Object|null, zones: Object[], cameras: Object[]}} layout - of the store, in metres.
 * @param {Object<string, Object>} heatmap - by zone.
 * @param {number} widthPx - width of the place, which decides how large the labels are.
 * @returns {SVGElement|null} null where no zone has a place on the floor.
 */
export function floorPlan(layout, heatmap, widthPx) {
  const zones = layout.zones.filter((zone) => zone.polygon_m?.length >= 3);
  if (!zones.length) return null;
  const corners = zones.flatMap((zone) => zone.polygon_m);
  const width = layout.floor_plan?.width_m ?? Math.max(...corners.map(([x]) => x)) * 1.05;
  const depth = layout.floor_plan?.depth_m ?? Math.max(...corners.map(([, y]) => y)) * 1.05;
  const em = ((widthPx < 450 ? 11 : 12) * width) / Math.max(widthPx, 280); // pixels on the screen, in metres
  const svg = el("svg:svg", {
    class: "plan", viewBox: `0 0 ${width} ${depth}`, role: "group", "aria-label": "Floor plan with zones",
    preserveAspectRatio: "xMidYMid meet",
  }, hatching(em * 0.7));
  if (layout.floor_plan?.image_url) {
    svg.append(el("svg:image", {
      href: layout.floor_plan.image_url, x: 0, y: 0, width, height: depth, preserveAspectRatio: "none", "aria-hidden": "true",
    }));
  } else {
    svg.append(metreGrid(width, depth, width > 60 ? 10 : width > 25 ? 5 : 1));
  }
  const upright = ([x, y]) => [x, depth - y]; // plans count y upwards, pictures downwards
  const heatOf = heatScale();
  const labels = [];
  for (const zone of zones) {
    const outline = zone.polygon_m.map(upright);
    const heat = heatIn(zone, heatmap);
    const points = outline.map((point) => point.join(",")).join(" ");
    const cold = coldWords(zone, heatmap);
    const text = describe(zone, heat, cold);
    const group = el("svg:g", { tabindex: "0", role: "img", "aria-label": text, data: { zone: zone.zone_id } },
      el("svg:title", { text }),
      el("svg:polygon", {
        class: heat ? "zone" : "zone unheated", points, "stroke-width": em * 0.08,
        fill: heat ? heatOf(heat.normalized) : null, "fill-opacity": heat ? 0.85 : 0.5,
      }));
    if (heat?.data_confidence === "low" && heat.frequency) group.append(el("svg:polygon", { class: "zone", points, fill: "url(#hatching)", "stroke-width": em * 0.08 }));
    svg.append(group);
    const [x, y] = middle(outline);
    labels.push(chip(fitting(labelsOf(zone, heat, cold), outline, em), x, y, em, { width, depth }));
  }
  svg.append(...labels);
  return svg;
}
