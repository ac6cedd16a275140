// Where people stay: the floor plan and the table of zones.
import { el, fill, nothing, tableBehind } from "../dom.js";
import { floorPlan } from "../floorplan.js";
import { duration, number, words } from "../format.js";

const COLUMNS = [
  { title: "Zone" }, { title: "Kind" }, { title: "Visits", number: true }, { title: "Average stay", number: true },
  { title: "Heat (0–100)", number: true }, { title: "Confidence" },
];

function legend() {
  return el("p", { class: "legend" },
    el("span", {}, "fewer ", el("span", { class: "ramp", "aria-hidden": "true" }), " more visits"),
    el("span", {}, el("span", { class: "hatched", "aria-hidden": "true" }), " under 20 visits: uncertain"));
}

function rows(heatmap, kinds) {
  return Object.entries(heatmap)
    .sort(([, a], [, b]) => b.frequency - a.frequency)
    .map(([zone, heat]) => {
      const of = (name, text) => ({ text, figure: `heatmap.${zone}.${name}` });
      return [
        zone, words(heat.kind ?? kinds.get(zone) ?? "–"), of("frequency", number(heat.frequency)),
        of("avg_dwell_ms", duration(heat.avg_dwell_ms)), of("normalized", number(heat.normalized)),
        of("data_confidence", heat.data_confidence),
      ];
    });
}

let redraw = null;
let lastWidth = 0;

/** Show `/heatmap` over `/layout`; without places on the floor, the table alone. */
export function showPlan(place, layout, heatmap) {
  const kinds = new Map(layout.zones.map((zone) => [zone.zone_id, zone.kind]));
  redraw = () => {
    lastWidth = place.clientWidth;
    const plan = floorPlan(layout, heatmap, lastWidth);
    const zones = rows(heatmap, kinds);
    const table = zones.length ? [tableBehind("Zones, most visited first", COLUMNS, zones, !plan)] : [];
    if (plan) fill(place, plan, legend(), ...table);
    else if (zones.length) fill(place, nothing("No camera with zones is calibrated to a floor plan, so the zones are listed below."), ...table);
    else fill(place, nothing("No zone has been visited yet."));
  };
  redraw();
}

document.addEventListener("themechange", () => redraw?.());
addEventListener("resize", () => {
  const place = document.getElementById("plan");
  if (redraw && Math.abs(place.clientWidth - lastWidth) > 8) redraw();
});
