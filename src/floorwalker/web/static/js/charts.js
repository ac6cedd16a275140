// The only module that touches Plotly. Each chart follows the theme and the width of its place.
import { colour, css } from "./colours.js";

const CONFIG = { displayModeBar: false, displaylogo: false, responsive: true, showTips: false, doubleClick: false };
const FEWEST_BARS = 8;
const drawn = new Map(); // place → how to draw it again; one entry a chart of the page
let plotly = null;

/** Fetch Plotly once, when the first chart is drawn: the figures of the page do not wait for it. */
function loadPlotly() {
  plotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = document.documentElement.dataset.plotly;
    script.onload = () => resolve(globalThis.Plotly);
    script.onerror = () => { plotly = null; reject(new Error("The chart library could not be loaded.")); };
    document.head.append(script);
  });
  return plotly;
}

function theme() {
  const named = (token) => css(colour(token));
  return {
    ink: named("--ink"), soft: named("--ink-soft"), rule: named("--rule"), sunken: named("--sunken"),
    surface: named("--surface"), series: [1, 2, 3, 4].map((index) => named(`--series-${index}`)),
  };
}

function layout(look, extra) {
  const font = { family: getComputedStyle(document.body).fontFamily, size: 13, color: look.ink };
  return {
    font, paper_bgcolor: "transparent", plot_bgcolor: "transparent", dragmode: false, bargap: 0.25,
    margin: { l: 8, r: 8, t: 8, b: 8 }, separators: ".,",
    hoverlabel: { bgcolor: look.surface, bordercolor: look.rule, font },
    ...extra,
  };
}

async function draw(place, label, figure) {
  const Plotly = await loadPlotly();
  const redraw = () => {
    const { data, layout: shape } = figure(theme());
    return Plotly.react(place, data, shape, CONFIG);
  };
  drawn.set(place, redraw);
  place.setAttribute("role", "img");
  place.setAttribute("aria-label", label);
  await redraw();
}

/** Forget a chart whose place is to show something else. */
export function erase(place) {
  if (drawn.delete(place)) globalThis.Plotly.purge(place);
  place.removeAttribute("role");
  place.removeAttribute("aria-label");
  place.replaceChildren();
}

document.addEventListener("themechange", () => drawn.forEach((redraw) => redraw()));

/**
 * Steps that get narrower.
 * @param {HTMLElement} place - where it goes.
 * @param {string} label - the chart in one sentence, for those who do not see it.
 * @param {{name: string, value: number, note: string}[]} steps - widest first.
 */
export function funnelChart(place, label, steps) {
  const narrow = place.clientWidth < 420;
  return draw(place, label, (look) => ({
    data: [{
      type: "funnel", orientation: "h", y: steps.map((step) => step.name), x: steps.map((step) => step.value),
      text: steps.map((step) => step.note), customdata: steps.map((step) => step.note),
      texttemplate: narrow ? "%{value}" : "%{value:,}  %{text}", textposition: "auto",
      insidetextfont: { color: look.surface }, outsidetextfont: { color: look.ink }, textangle: 0, constraintext: "none",
      marker: { color: look.series[0] }, connector: { fillcolor: look.sunken, line: { width: 0 } },
      hovertemplate: "%{y}: %{value:,}<br>%{customdata}<extra></extra>",
    }],
    layout: layout(look, {
      funnelmode: "stack", yaxis: { automargin: true, fixedrange: true, color: look.ink, tickfont: { size: 13 } },
      xaxis: { visible: false, fixedrange: true },
    }),
  }));
}

/**
 * Two counts over time, one above the axis and one below it.
 * @param {HTMLElement} place - where it goes.
 * @param {string} label - the chart in one sentence.
 * @param {{time: string, above: number, below: number, dark: boolean}[]} steps - in order of time; `time` is what
 *   people read; `dark` steps stand on a grey ground.
 * @param {{above: string, below: string}} names - of the two counts.
 */
export function mirroredBars(place, label, steps, names) {
  const top = Math.max(1, ...steps.flatMap((step) => [step.above, step.below]));
  const every = Math.max(1, Math.ceil(steps.length / Math.max(2, Math.floor(place.clientWidth / 80))));
  const ticks = steps.map((_, index) => index).filter((index) => index % every === 0);
  const unit = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000].find((size) => top / size <= 4) ?? Math.ceil(top / 4);
  const heights = [];
  for (let height = -Math.ceil(top / unit) * unit; height <= top + unit - 1; height += unit) heights.push(height);
  const series = (name, values, sign, fill) => ({
    type: "bar", name, x: steps.map((_, index) => index), y: values.map((value) => sign * value),
    customdata: steps.map((step, index) => [step.time, values[index]]), marker: { color: fill },
    hovertemplate: `%{customdata[0]}<br>${name}: %{customdata[1]}<extra></extra>`,
  });
  return draw(place, label, (look) => ({
    data: [
      series(names.above, steps.map((step) => step.above), 1, look.series[0]),
      series(names.below, steps.map((step) => step.below), -1, look.series[1]),
    ],
    layout: layout(look, {
      barmode: "relative", showlegend: true,
      shapes: steps.flatMap((step, index) => step.dark ? [{
        type: "rect", layer: "below", xref: "x", yref: "paper", x0: index - 0.5, x1: index + 0.5, y0: 0, y1: 1,
        fillcolor: look.sunken, line: { width: 0 },
      }] : []),
      legend: { orientation: "h", x: 0, y: 1.02, xanchor: "left", yanchor: "bottom", itemclick: false, itemdoubleclick: false },
      margin: { l: 8, r: 8, t: 34, b: 8 },
      xaxis: {
        tickmode: "array", tickvals: ticks, ticktext: ticks.map((index) => steps[index].time), tickangle: 0,
        fixedrange: true, automargin: true, color: look.soft, showgrid: false, zeroline: false,
        range: [-0.6, Math.max(steps.length, FEWEST_BARS) - 0.4], // one quarter of an hour is no wall
      },
      yaxis: {
        tickmode: "array", tickvals: heights, ticktext: heights.map((height) => String(Math.abs(height))),
        fixedrange: true, automargin: true, color: look.soft, gridcolor: look.rule, zerolinecolor: look.soft,
      },
    }),
  }));
}
