/** One person's stays: drawn on the common axis, and in words. */
import { clock, dayAndClock, duration, sameDay } from "../ui/times.js";
import { paint, percent } from "./svg.js";
import { t, tn } from "../words/words.js";

/** @typedef {import("./record.js").Person} Person */
/** @typedef {import("./record.js").Stay} Stay */

/** Pixels; the middle is half of the drawing's height in the style sheet. */
const MIDDLE = 14;
const BAR = 10;
const MARK = 8;
const HALF_LETTER = 3.3;
/** How far a label may reach beyond the axis. */
const BEYOND = 12;

/** @type {Record<NonNullable<Stay["reason"]>, string>} */
const REASONS = { left: t("Left the meeting"), lost: t("Lost the connection and did not come back"), removed: t("Removed by the host"), ended: t("Until the meeting was ended") };

/** Redraws. @param {SVGElement} svg @param {Person} person @param {import("./axis.js").Axis} axis @param {number} now */
export function drawTimeline(svg, { stays }, axis, now) {
  /** @type {import("./svg.js").Shape[]} */
  const shapes = [];
  stays.forEach(({ from, to, estimated }, index) => {
    const x = axis.x(from);
    const look = to === null ? "bar live" : estimated ? "bar estimated" : "bar";
    const width = Math.max(0, axis.x(to ?? now) - x);
    shapes.push({
      tag: "rect",
      attributes: { class: look, x: percent(x), width: percent(width), y: MIDDLE - BAR / 2, height: BAR, rx: 3, "data-stay": index },
    });
  });
  stays.forEach(({ reconnects, to }) => {
    for (const at of reconnects) {
      const x = percent(axis.x(at));
      shapes.push({ tag: "line", attributes: { class: "reconnect", x1: x, x2: x, y1: MIDDLE - MARK, y2: MIDDLE + MARK } });
    }
    if (to === null) shapes.push({ tag: "circle", attributes: { class: "edge", cx: percent(axis.x(now)), cy: MIDDLE, r: 4 } });
  });
  paint(svg, shapes);
}

/** The stays in words, for screen readers. @param {Person} person @param {boolean} dated  there is more than one day */
export const inWords = ({ stays }, dated) => stays.map((stay) => [span(stay, dated), ...remarks(stay)].join(", ")).join("; ");

/** "10:02 to 10:40". @param {Stay} stay @param {boolean} dated */
export function span({ from, to }, dated) {
  const begin = dated ? dayAndClock(from) : clock(from);
  if (to === null) return t("{begin} to now", { begin });
  return t("{begin} to {end}", { begin, end: sameDay(from, to) ? clock(to) : dayAndClock(to) });
}

/** @param {Stay} stay @returns {string[]} */
const remarks = ({ reconnects, estimated, imported }) => [
  ...(reconnects.length ? [tn(reconnects.length, "{count} reconnect", "{count} reconnects")] : []),
  ...(estimated ? [imported ? t("a guess") : t("end estimated")] : []),
];

/** Details of one stay, one per line. @param {Stay} stay @param {number} now @param {boolean} dated @returns {string[]} */
export function stayLines(stay, now, dated) {
  const { from, to, reason, estimated, reconnects } = stay;
  const shown = reconnects.slice(-4).map(clock).join(", ");
  const guessed = stay.imported ? t("When it began or ended is a guess: Zoom did not say") : t("The end is estimated: the server was cut off");
  const ending = to === null ? t("In the meeting now") : estimated ? guessed : reason && REASONS[reason];
  return [
    `${span(stay, dated)} · ${duration(((to ?? now) - from) / 1000)}`,
    ...(reconnects.length ? [`${tn(reconnects.length, "{count} reconnect", "{count} reconnects")}: ${reconnects.length > 4 ? "… " : ""}${shown}`] : []),
    ...(ending ? [ending] : []),
  ];
}

/**
 * The lines and cuts of the axis as one CSS background for all timelines: drawing them in each would be slow.
 * @param {import("./axis.js").Axis} axis @param {{x: number}[]} ticks
 */
export function background(axis, ticks) {
  const layer = (/** @type {string} */ color, /** @type {number} */ x, /** @type {string} */ width) =>
    `linear-gradient(var(${color}), var(${color})) ${percent(x)} 0 / ${width} 100% no-repeat content-box`;
  return [
    ...ticks.map(({ x }) => layer("--grid", x, "1px")),
    // A percentage position aligns that point of the image with the same point of the box.
    ...axis.cuts.map(({ x, width }) => layer("--sunken", (x / (100 - width)) * 100, percent(width))),
    // The last layer's box is also that of the background colour: the whole cell.
    "none",
  ].join(", ");
}

/** The times along the axis. @param {SVGElement} svg @param {{x: number, label: string}[]} ticks @param {number} y  pixels @param {number} width  pixels */
export function drawLabels(svg, ticks, y, width) {
  paint(svg, ticks.map(({ x, label }) => {
    // At the edges a centred label may not fit.
    const half = ((label.length * HALF_LETTER - BEYOND) / Math.max(1, width)) * 100;
    return { tag: "text", text: label, attributes: { x: percent(x), y, class: x < half ? "first" : x > 100 - half ? "last" : "middle" } };
  }));
}
