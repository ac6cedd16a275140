// From the door to the till: how many visits reach each step.
import { erase, funnelChart } from "../charts.js";
import { fill, nothing, tableBehind } from "../dom.js";
import { number, percentPoints } from "../format.js";

const STEPS = [
  ["entry", "Came in"], ["zone_visit", "Looked around"], ["billing_queue", "Went to the till"], ["purchased", "Bought"],
];
const COLUMNS = [
  { title: "Step" }, { title: "Visits", number: true }, { title: "Of all visits", number: true },
  { title: "Lost on the way here", number: true },
];

/** Show `/funnel`. */
export async function showFunnel(chart, table, funnel) {
  const all = funnel.entry;
  const steps = STEPS.map(([key, name]) => ({
    key, name, value: funnel[key], lost: funnel.drop_off_pct?.[key],
    note: all ? percentPoints((100 * funnel[key]) / all) : "",
  }));
  fill(table, tableBehind("Visits by step", COLUMNS, steps.map((step) => [
    step.name, { text: number(step.value), figure: `funnel.${step.key}` }, step.note || "–",
    { text: percentPoints(step.lost), figure: `funnel.drop_off_pct.${step.key}` },
  ])));
  if (!all) {
    erase(chart);
    chart.append(nothing(all === null ? "No camera watched the door in this time." : "No visit yet."));
    return;
  }
  chart.querySelector(".nothing")?.remove();
  await funnelChart(chart, `Of ${steps.map((step) => `${step.value} ${step.name.toLowerCase()}`).join(", ")}.`, steps);
}
