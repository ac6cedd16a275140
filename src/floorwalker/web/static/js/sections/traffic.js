// Through the door: entries and exits over the day.
import { erase, mirroredBars } from "../charts.js";
import { fill, nothing, tableBehind } from "../dom.js";
import { clock, number } from "../format.js";

const COLUMNS = [
  { title: "From" }, { title: "New", number: true }, { title: "Back", number: true }, { title: "Out", number: true },
  { title: "Inside at the end", number: true },
];

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
  fill(table, tableBehind(`People through the door, every ${traffic.bucket_minutes} minutes`, COLUMNS, steps.map((step, index) => {
    const of = (name) => ({ text: number(step[name]), figure: `traffic.buckets.${index}.${name}` });
    return [step.time, of("entries"), of("reentries"), of("exits"), of("occupancy")];
  })));
  await mirroredBars(
    chart, `${total("entries") + total("reentries")} in and ${total("exits")} out, from ${steps[0].time} to ${steps.at(-1).time}.`,
    steps.map((step) => ({ time: step.time, above: step.entries + step.reentries, below: step.exits })), { above: "In", below: "Out" },
  );
}
