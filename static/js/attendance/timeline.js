/** One person's stays: drawn on the common axis, and in words. */
import { clock, counted, dayAndClock, duration, sameDay } from "./moments.js";
import { paint, percent } from "./svg.js";

/** @typedef {import("./record.js").Person} Person */
/** @typedef {import("./record.js").Stay} Stay */

/** Pixels; the middle is that of the drawing's height in the style. */
const MIDDLE = 14;
const BAR = 10;
const MARK = 8;
/** Beyond the drawing, as far as the highest row goes. */
const GRID = { y1: "-20", y2: "48" };

/** @type {Record<NonNullable<Stay["reason"]>, string>} */
const REASONS = { left: "Left", lost: "Lost the connection and did not come back", removed: "Removed by the host", ended: "Until the meeting was ended" };

/** Redraws. @param {SVGElement} svg @param {Person} person @param {import("./axis.js").Axis} axis @param {number} now */
export function drawTimeline(svg, { stays }, axis, now) {
  /** @type {import("./svg.js").Shape[]} */
  const shapes = [{ tag: "use", attributes: { href: "#timeline-grid" } }];
  stays.forEach(({ from, to, estimated }, index) => {
    const x = axis.x(from);
    const look = to === null ? "bar live" : estimated ? "bar estimated" : "bar";
    const width = axis.x(to ?? now) - x;
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

/** For who cannot see the drawing. @param {Person} person @param {boolean} dated  there is more than one day */
export const inWords = ({ stays }, dated) => stays.map((stay) => [span(stay, dated), ...remarks(stay)].join(", ")).join("; ");

/** "10:02 to 10:40". @param {Stay} stay @param {boolean} dated */
export function span({ from, to }, dated) {
  const begin = dated ? dayAndClock(from) : clock(from);
  if (to === null) return `${begin} to now`;
  return `${begin} to ${sameDay(from, to) ? clock(to) : dayAndClock(to)}`;
}

/** @param {Stay} stay @returns {string[]} */
const remarks = ({ reconnects, estimated }) => [
  ...(reconnects.length ? [counted(reconnects.length, "reconnect")] : []),
  ...(estimated ? ["end estimated"] : []),
];

/** Everything about one stay, a line each. @param {Stay} stay @param {number} now @param {boolean} dated @returns {string[]} */
export function stayLines(stay, now, dated) {
  const { from, to, reason, estimated, reconnects } = stay;
  const shown = reconnects.slice(-4).map(clock).join(", ");
  const ending = to === null ? "In the meeting now" : estimated ? "The end is estimated: the server was cut off" : reason && REASONS[reason];
  return [
    `${span(stay, dated)} · ${duration(((to ?? now) - from) / 1000)}`,
    ...(reconnects.length ? [`${counted(reconnects.length, "reconnect")}: ${reconnects.length > 4 ? "… " : ""}${shown}`] : []),
    ...(ending ? [ending] : []),
  ];
}

/** The lines of the axis, which each timeline shows by `<use>`. @param {SVGElement} grid @param {import("./axis.js").Axis} axis @param {{x: number}[]} ticks */
export function drawGrid(grid, axis, ticks) {
  paint(grid, [
    ...axis.cuts.map(({ x, width }) => ({ tag: "rect", attributes: { class: "cut", x: percent(x), width: percent(width), y: GRID.y1, height: "68" } })),
    ...ticks.map(({ x }) => ({ tag: "line", attributes: { class: "grid", x1: percent(x), x2: percent(x), ...GRID } })),
  ]);
}

/** The times above the timelines. @param {SVGElement} svg @param {{x: number, label: string}[]} ticks @param {number} y  pixels */
export function drawLabels(svg, ticks, y) {
  paint(svg, ticks.map(({ x, label }) => ({
    tag: "text",
    text: label,
    // At the edges there is no room on both sides.
    attributes: { x: percent(x), y, class: x < 3 ? "first" : x > 97 ? "last" : "middle" },
  })));
}
