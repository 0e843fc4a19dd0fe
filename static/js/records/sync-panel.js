/** Imports a webinar from Zoom: a form, and the progress of each sync. Hidden if Zoom is not set up. */
import { ReconveneError } from "../../sdk/errors.js";
import { PASSING, startZoomSync, zoomSync, zoomSyncs } from "../here/http-api.js";
import { enable, fromTemplate, part, write } from "../ui/dom.js";
import { Emitter } from "../../sdk/events.js";
import { called, isOver, outcome, showSync } from "./sync-item.js";
import { t } from "../words/words.js";
import { problemText } from "../ui/problems.js";

/** @typedef {import("../here/http-api.js").Sync} Sync */

/** Milliseconds; doubled after each failed request, up to so many times. */
const AGAIN = 1_000;
const DOUBLED = 4;
/** How many finished syncs are shown. */
const MOST = 3;

/** `read`: the record has changed. @extends {Emitter<{read: null}>} */
export class SyncPanel extends Emitter {
  #element;
  #key;
  /** @type {Map<string, {element: HTMLElement, sync: Sync}>} by id, in the order of the page */
  #shown = new Map();
  #timer = 0;
  #missed = 0;
  #watch = new AbortController();

  /** @param {HTMLElement} element @param {string} key  the admin key */
  constructor(element, key) {
    super();
    this.#element = element;
    this.#key = key;
  }

  start() {
    part(this.#element, "form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#import();
    }, { signal: this.#watch.signal });
    document.addEventListener("visibilitychange", () => {
      this.#missed = 0;
      this.#later();
    }, { signal: this.#watch.signal });
    part(this.#element, "syncs").replaceChildren();
    void this.#begin();
  }

  stop() {
    this.#watch.abort();
    clearTimeout(this.#timer);
  }

  /** Shows the running and the latest syncs, if Zoom is set up. */
  async #begin() {
    try {
      const { syncs, unusable } = await zoomSyncs(this.#key);
      if (this.#watch.signal.aborted || unusable !== null) return;
      this.#element.hidden = false;
      for (const sync of [...syncs.filter((sync) => !isOver(sync)), ...syncs.filter(isOver).slice(0, MOST)].reverse()) this.#show(sync);
      this.#later();
    } catch (error) {
      if (!(error instanceof ReconveneError)) throw error;
    }
  }

  async #import() {
    const id = part(this.#element, "id", HTMLInputElement);
    const button = part(this.#element, "start", HTMLButtonElement);
    const kind = /** @type {HTMLInputElement | null} */ (this.#element.querySelector('input[name="kind"]:checked'))?.value ?? "webinar";
    enable(button, false);
    const wrong = id.value.trim() ? await this.#post(id.value.trim(), kind) : t("Enter the number Zoom shows, such as 889 8887 2033.");
    enable(button, true);
    write(part(this.#element, "wrong"), wrong);
    id.setAttribute("aria-invalid", String(Boolean(wrong)));
    if (wrong) return id.focus();
    id.value = "";
  }

  /** @param {string} id @param {string} kind @returns {Promise<string>} what is wrong, or "" */
  async #post(id, kind) {
    try {
      this.#show(await startZoomSync(this.#key, { id, kind }));
      this.#later();
      return "";
    } catch (error) {
      if (!(error instanceof ReconveneError)) throw error;
      return problemText(error);
    }
  }

  #later() {
    clearTimeout(this.#timer);
    if (document.hidden || ![...this.#shown.values()].some(({ sync }) => !isOver(sync))) return;
    this.#timer = window.setTimeout(() => void this.#ask(), AGAIN * 2 ** Math.min(this.#missed, DOUBLED));
  }

  async #ask() {
    const open = [...this.#shown.values()].filter(({ sync }) => !isOver(sync));
    let missed = 0;
    await Promise.all(open.map(async ({ sync }) => {
      try {
        const now = await zoomSync(this.#key, sync.id ?? sync.external_id);
        if (!this.#watch.signal.aborted) this.#show(now);
      } catch (error) {
        if (!(error instanceof ReconveneError)) throw error;
        if (this.#watch.signal.aborted) return;
        if (PASSING.has(error.code)) return void (missed = this.#missed + 1);
        this.#show({ ...sync, state: "stopped", note: t("The server was started anew meanwhile. What was read is kept: import it once more to go on") });
      }
    }));
    this.#missed = missed;
    if (!this.#watch.signal.aborted) this.#later();
  }

  /** @param {Sync} sync */
  #show(sync) {
    const known = this.#shown.get(sync.external_id);
    const element = known?.element ?? fromTemplate("sync-item");
    // The latest sync on top, even of an import that was synced before.
    if (!known || (isOver(known.sync) && !isOver(sync))) part(this.#element, "syncs").prepend(element);
    this.#shown.set(sync.external_id, { element, sync });
    showSync(element, sync);
    if (!known || isOver(known.sync) === isOver(sync)) return;
    // Only the end is announced: the user started the sync, and every stage would be too much.
    write(part(this.#element, "news"), isOver(sync) ? `${called(sync)}: ${outcome(sync)}` : "");
    this.emit("read", null);
  }
}
