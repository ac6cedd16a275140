// Through the door: entries and exits over the day.
import { erase, mirroredBars } from "../charts.js";
import { el, fill, nothing, tableBehind } from "../dom.js";
import { clock, number, percent } from "../format.js";

const COLUMNS = [
  { title: "From" }, { title: "New", number: true }, { title: "Back", number: true }, { title: "Out", number: true },
  { title: "Inside at the end", number: true }, { title: "Watched" },
];
const DARK = ["partial", "unwatched"];

/** How far the door cameras watched a stretch. */
function watched(step, index) {
  const figure = `traffic.buckets.${index}.share`;
  if (DARK.includes(step.status)) return { text: percent(step.share), figure };
  return step.status === "complete" ? "all of it" : step.status;
}

/** Show `/traffic`. */
export async function showTraffic(chart, table, traffic, zone) {
  const steps = traffic.buckets.map((bucket) => ({ ...bucket, time: clock(bucket.from, zone) }));
  if (!steps.some((step) => step.entries || step.reentries || step.exits)) {
    erase(chart);
    chart.append(nothing("Nobody has come through a door with a camera yet."));
    fill(table);
    return;
  }
  chart.querySelector(".nothing")?.remove();
  const total = (name) => steps.reduce((sum, step) => sum + step[name], 0);
  const dark = steps.some((step) => DARK.includes(step.status));
  const legend = dark ? [el("p", { class: "legend" }, "Grey: the door's cameras watched a part of the time, or nothing.")] : [];
  fill(table, ...legend, tableBehind(`People through the door, every ${traffic.bucket_minutes} minutes`, COLUMNS, steps.map((step, index) => {
    const of = (name) => ({ text: number(step[name]), figure: `traffic.buckets.${index}.${name}` });
    return [step.time, of("entries"), of("reentries"), of("exits"), of("occupancy"), watched(step, index)];
  })));
  await mirroredBars(
    chart, `${total("entries") + total("reentries")} in and ${total("exits")} out, from ${steps[0].time} to ${steps.at(-1).time}.`,
    steps.map((step) => ({ time: step.time, above: step.entries + step.reentries, below: step.exits, dark: DARK.includes(step.status) })), { above: "In", below: "Out" },
  );
}
