/** One person's picture, or one shared screen. */
import { paintAvatar, paintGround } from "../ui/avatar.js";
import { fromTemplate, hide, isSame, part, set, write } from "../ui/dom.js";
import { canFillScreen, turnFullScreen } from "./full-screen.js";
import { Zoom } from "./zoom.js";
import { t } from "../words/words.js";

/** The assumed ratio of width to height until a picture has come. */
const USUAL = 4 / 3;
/** Pixels above and below a name. */
const AROUND = 10;

/**
 * @typedef {object} Picture
 * @property {import("./everyone.js").Person} participant
 * @property {MediaStream | null} stream
 * @property {string} connection  of media; for the own picture "self" or "unable"
 * @property {boolean} own
 * @property {boolean} screen  a shared screen, not a person
 * @property {boolean} mirrored
 * @property {number} hue  the person's colour, in degrees
 */

export class Tile {
  element = fromTemplate("tile");
  /** @type {import("./fits.js").TileKind} */
  kind = "person";
  /** What it shows. @type {readonly unknown[]} */
  #seen = [];
  #video = part(this.element, "video", HTMLVideoElement);
  #blocked;
  #zoom;

  /**
   * @param {() => void} blocked  called when the browser will not play sound before a click
   * @param {() => void} reshaped  called when the picture's ratio changes, or how closely it is seen
   */
  constructor(blocked, reshaped) {
    this.#blocked = blocked;
    this.#zoom = new Zoom(this.element, reshaped);
    part(this.element, "enlarge").addEventListener("click", () => void turnFullScreen(this.element));
    this.#video.addEventListener("resize", () => {
      this.element.style.setProperty("--ratio", String(this.ratio));
      reshaped();
    });
  }

  /** Width to height of the picture. */
  get ratio() {
    const { videoWidth, videoHeight } = this.#video;
    return videoWidth && videoHeight ? videoWidth / videoHeight : USUAL;
  }

  /** How wide its picture is, with what of it is out of sight: closer, or as large as the screen. @param {number} width  of the tile on the stage, in pixels */
  widthShown(width) {
    return (document.fullscreenElement === this.element ? innerWidth : width) * this.#zoom.scale;
  }

  /** Whether it lies over the other's picture, not beside it. */
  get floating() {
    return this.element.hasAttribute("data-floating");
  }

  set floating(floating) {
    this.element.toggleAttribute("data-floating", floating);
    hide(part(this.element, "move"), !floating);
  }

  /** @param {boolean} hideable */
  set hideable(hideable) {
    hide(part(this.element, "hide"), !hideable);
  }

  /** @param {{pinned: boolean, inTabOrder: boolean}} how */
  pin({ pinned, inTabOrder }) {
    const button = part(this.element, "pin");
    this.element.toggleAttribute("data-pinned", pinned);
    const name = this.element.getAttribute("aria-label") ?? "";
    const label = pinned ? t("Unpin {name}", { name }) : t("Pin {name}", { name });
    set(button, "aria-label", label);
    set(button, "title", label);
    set(button, "tabindex", inTabOrder ? "0" : "-1");
  }

  /** Whoever is shown again would first show their old picture. @param {boolean} onStage */
  set onStage(onStage) {
    if (this.element.hidden === !onStage) return;
    this.element.hidden = !onStage;
    if (!onStage) this.element.removeAttribute("data-picture");
    else if (this.element.dataset.video === "on") this.#awaitPicture();
  }

  /** @param {boolean} spotlit  shown large to everyone, by those in charge */
  set spotlit(spotlit) {
    part(this.element, "spotlight", SVGElement).toggleAttribute("hidden", !spotlit);
  }

  /** Pixels at the top and bottom that may hold text. */
  get edge() {
    return Math.max(part(this.element, "plate").offsetHeight, part(this.element, "fit").offsetHeight) + 2 * AROUND;
  }

  /** @param {number} width  pixels at the right that the name keeps clear */
  keepClear(width) {
    this.element.style.setProperty("--covered", `${width}px`);
  }

  /** @param {{fit: string, label: string}} how @param {boolean} [inTabOrder] */
  fit({ fit, label }, inTabOrder) {
    const button = part(this.element, "fit");
    set(this.element, "data-fit", fit);
    set(button, "aria-label", label);
    set(button, "title", label);
    if (inTabOrder !== undefined) set(button, "tabindex", inTabOrder ? "0" : "-1");
  }

  /** Writes what is another: somebody's changes all the time. @param {Picture} picture */
  update(picture) {
    const seen = Object.values(picture);
    if (!isSame(seen, this.#seen)) this.#write(picture);
    this.#seen = seen;
  }

  /** @param {Picture} picture */
  #write({ participant, stream, connection, own, screen, mirrored, hue }) {
    const { element } = this;
    const { id, name, sends, hand, role, state, bot, recording, picture } = participant;
    const silent = connection === "none" || connection === "unable";
    const shown = screen || (sends.video && !silent);
    this.kind = screen ? "screen" : own ? "own" : "person";
    if (!shown) element.removeAttribute("data-picture");
    else if (element.dataset.video !== "on") this.#awaitPicture();
    Object.assign(element.dataset, {
      participantId: id,
      kind: screen ? "screen" : "person",
      self: String(own),
      audio: sends.audio ? "on" : "off",
      video: shown ? "on" : "off",
      state,
      role,
      connection,
      mirrored: String(mirrored),
    });
    const label = screen ? (own ? t("Your screen") : t("{name}’s screen", { name })) : own ? t("{name} (you)", { name }) : name;
    element.setAttribute("aria-label", label);
    write(part(element, "name"), label);
    paintAvatar(part(element, "avatar"), name, hue, picture);
    paintGround(element, hue);
    hide(part(element, "hand"), screen || !hand);
    hide(part(element, "host"), screen || role === "participant");
    write(part(element, "host"), role === "cohost" ? t("Co-host") : t("Host"));
    hide(part(element, "bot"), screen || !bot);
    hide(part(element, "recording"), screen || !recording);
    write(part(element, "state"), this.#stateText(state, connection, own));
    hide(part(element, "stop"), !(screen && own));
    hide(part(element, "enlarge"), !screen || !canFillScreen());
    this.#zoom.possible = screen;
    this.#play(stream, own);
  }

  /** @param {boolean} speaking */
  set speaking(speaking) {
    this.element.toggleAttribute("data-speaking", speaking);
  }

  /** Starts playing; call it again once a click has allowed it. */
  play() {
    this.#video.play().catch((error) => error.name === "NotAllowedError" && this.#blocked());
  }

  remove() {
    this.#video.srcObject = null;
    this.element.remove();
  }

  /** @param {MediaStream | null} stream @param {boolean} own */
  #play(stream, own) {
    if (this.#video.srcObject === stream) return;
    this.#video.muted = own;
    this.#video.srcObject = stream;
    if (stream) this.play();
  }

  /** A camera turned on again would first show its old picture: wait for a new one. */
  #awaitPicture() {
    const { element } = this;
    const arrived = () => element.dataset.video === "on" && element.setAttribute("data-picture", "");
    if ("requestVideoFrameCallback" in this.#video) this.#video.requestVideoFrameCallback(arrived);
    else arrived();
  }

  /** @param {string} state @param {string} connection @param {boolean} own */
  #stateText(state, connection, own) {
    if (own) return connection === "unable" ? t("This browser cannot make calls") : "";
    if (state === "reconnecting") return t("Reconnecting…");
    if (connection === "failed") return t("Connection lost, trying again…");
    if (connection === "none") return t("Without sound and picture");
    return connection === "connected" || connection === "unable" ? "" : t("Connecting…");
  }
}
