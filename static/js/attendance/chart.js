/** People over time: a stepped area on the axis of the timelines. */
import { part, write } from "../ui/dom.js";
import { clock, dayAndClock } from "../ui/times.js";
import { drawLabels } from "./timeline.js";
import { paint, percent } from "./svg.js";
import { number, t, tn } from "../words/words.js";

/** Pixels; the plot's size matches its viewBox in the template. */
const TOP = 14;
const PLOT = 112;
const LABEL = TOP + PLOT + 19;
/** Room for a label. */
const LABEL_WIDTH = 64;
/** The width of the chart in print. */
const PAPER = 640;

export class PresenceChart {
  #element;
  /** @type {import("./axis.js").Axis | null} */
  #axis = null;
  /** @type {[number, number][]} */
  #steps = [];
  #dated = false;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.#element = element;
    element.addEventListener("pointermove", (event) => this.#point(event));
    element.addEventListener("pointerleave", () => this.#point(null));
  }

  /**
   * @param {import("./record.js").Attendance} attendance @param {import("./axis.js").Axis} axis
   * @param {boolean} dated  there is more than one day @param {boolean} printed
   */
  update({ presence, totals, asOf }, axis, dated, printed) {
    this.#axis = axis;
    this.#steps = presence;
    this.#dated = dated;
    const svg = part(this.#element, "chart", SVGElement);
    const step = roundStep(totals.peak / 3);
    const top = Math.max(step, Math.ceil(totals.peak / step) * step);
    const y = (/** @type {number} */ count) => PLOT * (1 - count / top);

    let line = "";
    for (const [at, count] of presence) line += `${line ? "H" : `M${round(axis.x(at))} ${PLOT}H`}${round(axis.x(at))}V${round(y(count))}`;
    const ongoing = totals.present > 0;
    const end = ongoing ? axis.x(asOf) : axis.x(presence.at(-1)?.[0] ?? 0);
    if (line) line += `H${round(end)}`;
    part(svg, "line", SVGElement).setAttribute("d", line);
    part(svg, "area", SVGElement).setAttribute("d", line && `${line}V${PLOT}Z`);

    const levels = Array.from({ length: Math.round(top / step) + 1 }, (_, index) => index * step);
    const width = printed ? PAPER : svg.clientWidth;
    const ticks = axis.ticks(Math.max(2, Math.floor(width / LABEL_WIDTH)));
    paint(part(svg, "grid", SVGElement), [
      ...axis.cuts.map(({ x, width }) => ({ tag: "rect", attributes: { class: "cut", x: percent(x), width: percent(width), y: TOP, height: PLOT } })),
      ...levels.map((level) => ({ tag: "line", attributes: { class: level ? "grid" : "grid base", x1: "0", x2: "100%", y1: TOP + y(level), y2: TOP + y(level) } })),
    ]);
    paint(part(svg, "levels", SVGElement), levels.slice(1).map((level) => ({
      tag: "text", text: number(level), attributes: { class: "first", x: "0", y: TOP + y(level) - 4 },
    })));
    drawLabels(part(svg, "times", SVGElement), ticks, LABEL, width);
    const count = presence.at(-1)?.[1] ?? 0;
    paint(part(svg, "edge", SVGElement), ongoing ? [{ tag: "circle", attributes: { class: "edge", cx: percent(end), cy: TOP + y(count), r: 4 } }] : []);
    const { peak, peakAt } = totals;
    svg.setAttribute("aria-label", peakAt === null ? t("People over time") : t("People over time: at most {peak}, at {time}", { peak, time: this.#time(peakAt) }));
  }

  /** Shows the count at the pointer. @param {PointerEvent | null} event */
  #point(event) {
    const svg = part(this.#element, "chart", SVGElement);
    const box = svg.getBoundingClientRect();
    const pointer = part(this.#element, "pointer");
    const note = part(this.#element, "note");
    pointer.hidden = note.hidden = !event || !this.#axis?.stretches.length || !this.#steps.length;
    if (!event || !this.#axis || pointer.hidden) return;
    const x = Math.min(100, Math.max(0, ((event.clientX - box.left) / box.width) * 100));
    const at = this.#axis.at(x);
    const count = this.#steps.findLast(([from]) => from <= at)?.[1] ?? 0;
    write(note, `${this.#time(at)} · ${tn(count, "{count} person", "{count} people")}`);
    pointer.style.setProperty("--x", String(x));
    note.style.setProperty("--x", String(x));
  }

  /** @param {number} at */
  #time(at) {
    return this.#dated ? dayAndClock(at) : clock(at);
  }
}

/** A round step between lines, at least 1. @param {number} rough */
function roundStep(rough) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, rough)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough && Number.isInteger(step)) ?? 1;
}

/** @param {number} value */
const round = (value) => Math.round(value * 1000) / 1000;
