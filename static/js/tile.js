/** One person's picture, or one shared screen. */
import { paintAvatar, paintGround } from "./avatar.js";
import { fromTemplate, part, write } from "./dom.js";

/**
 * @typedef {object} Picture
 * @property {import("./protocol.js").Participant} participant
 * @property {MediaStream | null} stream
 * @property {string} connection  RTCPeerConnectionState, or "self"
 * @property {boolean} own
 * @property {boolean} screen  a shared screen, not a person
 * @property {boolean} mirrored
 */

export class Tile {
  element = fromTemplate("tile");
  #video = part(this.element, "video", HTMLVideoElement);
  #blocked;

  /** @param {() => void} blocked  called when the browser will not play sound before a click */
  constructor(blocked) {
    this.#blocked = blocked;
  }

  /** @param {Picture} picture */
  update({ participant, stream, connection, own, screen, mirrored }) {
    const { element } = this;
    const { id, name, media, hand, role, state, kind, recording } = participant;
    const shown = screen || media.video;
    if (!shown) element.removeAttribute("data-picture");
    else if (element.dataset.video !== "on") this.#awaitPicture();
    Object.assign(element.dataset, {
      participantId: id,
      kind: screen ? "screen" : "person",
      self: String(own),
      audio: media.audio ? "on" : "off",
      video: shown ? "on" : "off",
      state,
      role,
      connection,
      mirrored: String(mirrored),
    });
    const label = screen ? (own ? "Your screen" : `${name}’s screen`) : own ? `${name} (you)` : name;
    element.setAttribute("aria-label", label);
    write(part(element, "name"), label);
    paintAvatar(part(element, "avatar"), name, id);
    paintGround(element, id);
    part(element, "hand").hidden = screen || !hand;
    part(element, "host").hidden = screen || role === "participant";
    write(part(element, "host"), role === "cohost" ? "Co-host" : "Host");
    part(element, "bot").hidden = screen || kind !== "bot";
    part(element, "recording").hidden = screen || !recording;
    write(part(element, "state"), this.#stateText(state, connection, own));
    part(element, "stop").hidden = !(screen && own);
    this.#play(stream, own);
  }

  /** @param {boolean} speaking */
  set speaking(speaking) {
    this.element.toggleAttribute("data-speaking", speaking);
  }

  /** Starts playing; again after a click allowed it. */
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

  /** A camera turned on again would first show the last picture from before: wait for a new one. */
  #awaitPicture() {
    const { element } = this;
    const arrived = () => element.dataset.video === "on" && element.setAttribute("data-picture", "");
    if ("requestVideoFrameCallback" in this.#video) this.#video.requestVideoFrameCallback(arrived);
    else arrived();
  }

  /** @param {string} state @param {string} connection @param {boolean} own */
  #stateText(state, connection, own) {
    if (own) return "";
    if (state === "reconnecting") return "Reconnecting…";
    if (connection === "failed") return "Connection lost, trying again…";
    return connection === "connected" ? "" : "Connecting…";
  }
}
