/** The time axis that all timelines share. Long pauses without anybody, as between weekly meetings, are shortened. */
import { clock, sameDay, shortDay } from "../ui/times.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10_080].map((minutes) => minutes * MINUTE);

/** A pause is cut if it is at least this long and at least half as long as all busy time. */
const PAUSE = 30 * MINUTE;
/** Hundredths of the width: of one cut, and of all cuts at most. */
const CUT = 3;
const ALL_CUTS = 30;

/** @typedef {{from: number, to: number, x: number, width: number}} Stretch  x, width in hundredths of the axis */

export class Axis {
  /** @type {Stretch[]} */
  stretches = [];

  /** @param {[number, number][]} busy  times with anybody present: disjoint, in order; milliseconds since the epoch */
  constructor(busy) {
    const length = busy.reduce((sum, [from, to]) => sum + to - from, 0);
    for (const [from, to] of busy) {
      const last = this.stretches.at(-1);
      if (last && from - last.to < Math.max(PAUSE, length / 2)) last.to = to;
      else this.stretches.push({ from, to, x: 0, width: 0 });
    }
    const shown = this.stretches.reduce((sum, { from, to }) => sum + to - from, 0);
    const cuts = this.stretches.length - 1;
    const cut = cuts > 0 ? Math.min(CUT, ALL_CUTS / cuts) : 0;
    let x = 0;
    for (const stretch of this.stretches) {
      stretch.x = x;
      stretch.width = (100 - cut * cuts) * (shown ? (stretch.to - stretch.from) / shown : 1 / this.stretches.length);
      x += stretch.width + cut;
    }
  }

  /** @param {number} at @returns {number} hundredths of the width */
  x(at) {
    let x = 0;
    for (const stretch of this.stretches) {
      if (at < stretch.from) return x;
      const share = stretch.to > stretch.from ? Math.min(1, (at - stretch.from) / (stretch.to - stretch.from)) : 0;
      x = stretch.x + share * stretch.width;
      if (at <= stretch.to) return x;
    }
    return x;
  }

  /** The time at a position. @param {number} x  hundredths of the width */
  at(x) {
    const stretch = this.stretches.findLast((candidate) => candidate.x <= x) ?? this.stretches[0];
    const share = stretch.width ? Math.min(1, Math.max(0, (x - stretch.x) / stretch.width)) : 0;
    return stretch.from + share * (stretch.to - stretch.from);
  }

  /** The positions of the cut pauses. @returns {{x: number, width: number}[]} */
  get cuts() {
    return this.stretches.slice(1).map((stretch, index) => {
      const before = this.stretches[index];
      const x = before.x + before.width;
      return { x, width: stretch.x - x };
    });
  }

  /** Round times, or the days when there are several stretches. @param {number} most @returns {{x: number, label: string}[]} */
  ticks(most) {
    if (this.stretches.length > 1) return this.#days(most);
    const [first] = this.stretches;
    if (!first || first.to <= first.from) return first ? [{ x: 0, label: clock(first.from) }] : [];
    const step = STEPS.find((candidate) => (first.to - first.from) / candidate <= most) ?? STEPS[STEPS.length - 1];
    const ticks = [];
    // Round in the reader's zone, not in UTC: counted from the start of the day there.
    const midnight = new Date(first.from).setHours(0, 0, 0, 0);
    for (let at = midnight + Math.ceil((first.from - midnight) / step) * step; at <= first.to; at += step) {
      const isDay = step >= DAY || (!sameDay(first.from, first.to) && new Date(at).getHours() === 0 && step >= HOUR);
      ticks.push({ x: this.x(at), label: isDay ? shortDay(at) : clock(at) });
    }
    // The first minute has no round time yet.
    return ticks.length ? ticks : [{ x: 0, label: clock(first.from) }];
  }

  /** @param {number} most */
  #days(most) {
    /** @type {{x: number, label: string}[]} */
    const ticks = [];
    for (const { from, x } of this.stretches) {
      const last = ticks.at(-1);
      if (!last || x - last.x >= 100 / most) ticks.push({ x, label: shortDay(from) });
    }
    return ticks;
  }
}
