/** Says at whose picture the connection is not good, and a word of why. */
import { t } from "../words/words.js";

/** @typedef {import("../../sdk/reconvene.js").Quality} Quality */

/** Milliseconds between looks. */
const INTERVAL = 4_000;
/** Of a large meeting, so many at a look. */
const MOST = 12;

/** @type {Record<Exclude<Quality["level"], "">, string>} */
const LEVELS = { good: t("Good connection"), fair: t("Weak connection"), poor: t("Poor connection") };
/** @type {Record<Quality["why"], string>} */
const WHY = { "": "", mine: t("yours"), theirs: t("theirs"), either: t("theirs or yours"), relayed: t("relayed by a server far away") };

/** @param {Quality | undefined} quality  @returns {string} "" while nothing is known */
export function qualityText(quality) {
  if (!quality?.level) return "";
  const why = WHY[quality.why] || (quality.relayed ? t("relayed") : "");
  return LEVELS[quality.level] + (why && `: ${why}`);
}

export class QualityMarks {
  #stage;
  #meeting;
  #timer = 0;
  #next = 0;
  /** @type {Map<string, Quality>} */
  #known = new Map();

  /** @param {HTMLElement} stage @param {import("../../sdk/reconvene.js").Meeting} meeting */
  constructor(stage, meeting) {
    this.#stage = stage;
    this.#meeting = meeting;
  }

  start() {
    this.#timer = window.setInterval(() => void this.#look(), INTERVAL);
  }

  stop() {
    clearInterval(this.#timer);
  }

  /** @param {string} id */
  of(id) {
    return this.#known.get(id);
  }

  async #look() {
    const ids = [...this.#meeting.participants.keys()];
    for (const id of this.#known.keys()) if (!this.#meeting.participants.has(id)) this.#known.delete(id);
    const turn = ids.slice(this.#next, this.#next + MOST);
    this.#next = this.#next + MOST < ids.length ? this.#next + MOST : 0;
    for (const id of turn) this.#known.set(id, await this.#meeting.quality(id));
    for (const tile of this.#stage.querySelectorAll('.tile[data-kind="person"]')) if (tile instanceof HTMLElement) this.#show(tile);
  }

  /** @param {HTMLElement} tile */
  #show(tile) {
    const quality = this.#known.get(tile.dataset.participantId ?? "");
    const isBad = quality?.level === "fair" || quality?.level === "poor";
    const mark = tile.querySelector(".quality");
    if (!isBad) return mark?.remove();
    const shown = mark ?? Object.assign(document.createElement("span"), { className: "quality" });
    const text = qualityText(quality);
    shown.setAttribute("data-level", quality.level);
    if (shown.getAttribute("aria-label") !== text) {
      shown.setAttribute("role", "img");
      shown.setAttribute("aria-label", text);
      shown.setAttribute("title", text);
    }
    if (!mark) tile.querySelector(".plate")?.append(shown);
  }
}
