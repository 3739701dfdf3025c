// The charts of progress, in the colours of the page; beneath each stands the same as a table.

import { pageData } from "../assets.js";
import uPlot from "../vendor/uplot@1.6.32/uplot.js";
import { currentLocale, language, numberText } from "../words.js";

// Written out one by one: a static file wears a hash in its name, and only whole names are found and renamed.
const MODULES = {
  en: () => import("../words/en-progress.js"),
  fr: () => import("../words/fr-progress.js"),
  es: () => import("../words/es-progress.js"),
  de: () => import("../words/de-progress.js"),
};
const DAY_S = 86400;
const LEAST_DAYS = 13;
/** A forecast that reaches farther than this many times what was seen would flatten it. */
const MOST_AHEAD = 2;

const charts = pageData("charts");
const { progressWords: told } = await MODULES[language]();
let drawn = [];

/** A colour of the page, as it is just now. */
function ink(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Midnight of a day, in seconds; days have no zone here, so it is that of UTC. */
function at(day) {
  return Date.parse(`${day}T00:00:00Z`) / 1000;
}

/** A day as people write it. */
function dayText(seconds, long = false) {
  const options = { timeZone: "UTC", day: "numeric", month: "short", ...(long ? { weekday: "short", year: "numeric" } : {}) };
  return new Intl.DateTimeFormat(currentLocale(), options).format(seconds * 1000);
}

/** An axis in the colours and letters of the page. */
function axis(more) {
  const font = `13px ${getComputedStyle(document.body).fontFamily}`;
  const line = { stroke: ink("hairline"), width: 1 };
  return { stroke: ink("ink-2"), font, labelFont: font, labelSize: 22, grid: line, ticks: line, ...more };
}

/** What every chart has: its width is that of its card, nothing is dragged or zoomed. */
function frame(element, height, more) {
  return {
    width: element.clientWidth,
    height,
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { show: false } },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    ...more,
  };
}

/** Says above a chart what lies under the pointer. */
function follow(id, text) {
  return { setCursor: [(plot) => {
    const { idx } = plot.cursor;
    document.getElementById(id).textContent = (idx === null || idx === undefined ? "" : text(idx)) || "\u00a0";
  }] };
}

const counts = { values: (_plot, splits) => splits.map((one) => (Number.isInteger(one) ? numberText(one) : "")) };
const dates = { values: (_plot, splits) => splits.map((one) => dayText(one)), space: 80 };

/** Between today and its end, a straight way up: what is done at a time if it ends then. */
function climb(time, from, start, end, goal) {
  return time >= end ? goal : start + ((goal - start) * (time - from)) / (end - from);
}

/** The columns of the cumulative chart: days, done, and how it goes on at the latest, the earliest and between. */
function withForecast(days, { forecast, done, goal }) {
  const times = days.map((one) => at(one.day));
  const totals = days.map((one) => one.total);
  const now = times.at(-1);
  const ends = ["until", "from", "middle"].map((name) => (forecast[name] ? Math.max(at(forecast[name]), now + DAY_S) : null));
  const near = ends.every(Boolean) && ends[0] - now <= MOST_AHEAD * Math.max(now - times[0], 30 * DAY_S);
  if (!near) {
    return [times, totals, ...Array(3).fill(times.map(() => null))];
  }
  const ahead = [...new Set(ends)].sort((a, b) => a - b);
  const ways = ends.map((end) => [
    ...times.map((time) => (time === now ? done : null)),
    ...ahead.map((time) => climb(time, now, done, end, goal)),
  ]);
  return [[...times, ...ahead], [...totals, ...ahead.map(() => null)], ...ways];
}

/** From the first day to the last, two weeks at least: a single day has no length of its own to draw. */
function span({ data: [times] }) {
  const [low, high] = [times[0], times.at(-1)];
  return [low - DAY_S / 2, Math.max(high, low + LEAST_DAYS * DAY_S) + DAY_S / 2];
}

/** Places done in all, and how it goes on. */
function drawTotal(element) {
  const { days } = charts;
  const quiet = { stroke: "transparent", points: { show: false } };
  const data = withForecast(days, charts);
  const options = frame(element, 280, {
    scales: { x: { time: true, range: span }, y: { range: (_plot, _low, high) => [0, Math.max(4, high * 1.05)] } },
    axes: [axis(dates), axis({ ...counts, label: told.total })],
    series: [
      {},
      { label: told.total, stroke: ink("mark-done"), width: 3, fill: ink("done-tint"), points: { show: days.length < 3 } },
      quiet,
      quiet,
      { stroke: ink("mark-done"), width: 2, dash: [6, 6], points: { show: false } },
    ],
    bands: [{ series: [3, 2], fill: ink("done-band") }],
    hooks: follow("days-now", (n) => days[n] && told.on(dayText(at(days[n].day), true), days[n].done, days[n].total)),
  });
  return new uPlot(options, data, element);
}

/** Places done on each day. */
function drawDays(element) {
  const { days } = charts;
  const options = frame(element, 180, {
    scales: { x: { time: true, range: span }, y: { range: fromNought } },
    axes: [axis(dates), axis({ ...counts, label: told.done })],
    series: [{}, bars(told.done)],
    hooks: follow("days-now", (n) => days[n] && told.on(dayText(at(days[n].day), true), days[n].done, days[n].total)),
  });
  return new uPlot(options, [days.map((one) => at(one.day)), days.map((one) => one.done)], element);
}

/** How long it took, in bins that grow. */
function drawTook(element) {
  const { took } = charts;
  const options = frame(element, 180, {
    scales: { x: { time: false, range: [-0.5, took.length - 0.5] }, y: { range: fromNought } },
    axes: [
      axis({
        // On a phone there is no room for every one of them.
        values: (plot, splits) => splits.map((n) => (plot.width < 480 && n % 2 ? "" : (took[n]?.from_min ?? ""))),
        splits: () => took.map((_one, n) => n),
        label: told.minutes,
      }),
      axis({ ...counts, label: told.places }),
    ],
    series: [{}, bars(told.places)],
    hooks: follow("took-now", (n) => took[n] && told.took(took[n].from_min, took[n].until_min, took[n].number)),
  });
  return new uPlot(options, [took.map((_one, n) => n), took.map((one) => one.number)], element);
}

/** Counts begin at nought, and have room for a few. */
function fromNought(_plot, _low, high) {
  return [0, Math.max(4, high * 1.05)];
}

/** A series of bars. */
function bars(label) {
  const paths = uPlot.paths.bars({ size: [0.7, 40], radius: 0.1 });
  return { label, stroke: ink("mark-done"), fill: ink("mark-done"), paths, points: { show: false } };
}

/** Draws all charts that the page has room for, anew where they are there already. */
function draw() {
  for (const plot of drawn) {
    plot.destroy();
  }
  drawn = [];
  for (const [id, make] of [["chart-total", drawTotal], ["chart-days", drawDays], ["chart-took", drawTook]]) {
    const element = document.getElementById(id);
    if (element) {
      drawn.push(make(element));
      // A canvas says nothing; the table under it says all of it.
      element.querySelector(".uplot").setAttribute("aria-hidden", "true");
      element.dataset.ink = ink("mark-done") + ink("ink-2");
    }
  }
}

draw();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
addEventListener("resize", () => {
  for (const plot of drawn) {
    plot.setSize({ width: plot.root.parentElement.clientWidth, height: plot.height });
  }
});
