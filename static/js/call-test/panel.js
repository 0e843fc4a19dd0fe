/** Shows and announces the steps of a test as they happen, and shows the returned picture. */
import { fromTemplate, icon, part, write } from "../ui/dom.js";
import { Emitter } from "../../sdk/reconvene.js";
import { TestCall } from "./call.js";
import { settled, summaryOf } from "./steps.js";
import { t } from "../words/words.js";

/** @typedef {import("./steps.js").Step} Step */

/** @type {Record<import("./steps.js").StepState, string>} */
const ICONS = { waiting: "dot", running: "dot", ok: "check", notice: "alert", failed: "close" };

/** @extends {Emitter<{close: null}>} */
export class TestPanel extends Emitter {
  element = fromTemplate("test-panel");
  #test;
  #mirror;
  #makeTest;
  /** @type {Map<string, HTMLElement>} */
  #items = new Map();
  /** The state of each step that was last announced; changing numbers are not. @type {Map<string, string>} */
  #said = new Map();

  /**
   * @param {import("../here/identity.js").Identity} identity @param {import("../../sdk/reconvene.js").LocalMedia} media
   * @param {HTMLElement} mirror  shows the returned picture
   */
  constructor(identity, media, mirror) {
    super();
    this.#mirror = mirror;
    this.#makeTest = () => new TestCall(identity, media);
    this.#test = this.#makeTest();
  }

  start() {
    part(this.element, "again").addEventListener("click", () => this.#again());
    part(this.element, "close").addEventListener("click", () => this.emit("close", null));
    this.element.addEventListener("keydown", ({ key }) => key === "Escape" && this.emit("close", null));
    this.#begin();
    part(this.element, "title").focus();
    this.element.scrollIntoView({ block: "nearest" });
  }

  stop() {
    this.#test.stop();
    this.#mirror.hidden = true;
    this.#video.srcObject = null;
    this.element.remove();
  }

  get #video() {
    return part(this.#mirror, "returned-video", HTMLVideoElement);
  }

  #again() {
    this.#test.stop();
    this.#test = this.#makeTest();
    this.#begin();
    part(this.element, "title").focus();
  }

  #begin() {
    this.#said.clear();
    part(this.element, "spoken").replaceChildren();
    this.#video.srcObject = null;
    this.#mirror.hidden = false;
    this.#test.on("change", () => this.#show());
    void this.#test.start();
  }

  #show() {
    const { steps, over, returned } = this.#test;
    for (const step of steps) this.#update(step);
    write(part(this.element, "summary"), summaryOf(steps, over));
    part(this.element, "again").hidden = !over;
    write(part(this.element, "close"), over || settled(steps) ? t("Close") : t("Cancel"));
    this.#mirror.dataset.video = steps.some(({ name, state }) => name === "camera" && state === "ok") ? "on" : "off";
    this.#play(returned, over);
    for (const step of steps) this.#say(step);
    if (over) this.#speak(summaryOf(steps, over));
  }

  /** @param {Step} step */
  #update({ name, title, state, text, advice = "" }) {
    const item = this.#items.get(name) ?? fromTemplate("test-step");
    if (!this.#items.has(name)) part(this.element, "steps").append(item);
    this.#items.set(name, item);
    if (item.dataset.state !== state) part(item, "icon").replaceChildren(icon(ICONS[state]));
    Object.assign(item.dataset, { step: name, state });
    write(part(item, "title"), title);
    write(part(item, "text"), text);
    write(part(item, "advice"), advice);
  }

  /** @param {MediaStream | null} stream @param {boolean} over */
  #play(stream, over) {
    const video = this.#video;
    if (over) return video.pause(); // The last picture stays.
    if (video.srcObject === stream) return;
    video.srcObject = stream;
    // The sound is measured but not played, to avoid feedback. A removed picture need not play.
    video.play().catch(() => {});
  }

  /** The results, and requests to the user. @param {Step} step */
  #say({ name, title, state, text, advice = "" }) {
    const worth = ["ok", "notice", "failed"].includes(state) || (name === "microphone" && state === "running");
    if (!worth || this.#said.get(name) === state) return;
    this.#said.set(name, state);
    this.#speak(`${title}: ${text} ${advice}`);
  }

  /** @param {string} text */
  #speak(text) {
    part(this.element, "spoken").append(Object.assign(document.createElement("p"), { textContent: text }));
  }
}
