/**
 * The page in a frame of another site's page: what the two say to each other by `postMessage` (docs/sdk.md, “In a frame”).
 *
 * Only the page around this one is heard, and only if its origin is listed (RECONVENE_EMBED_ORIGINS). Where the list has `*`,
 * anybody's is, and nobody knows whose: then it gives no token, and turns nothing on.
 */

import { everyone } from "../meeting/everyone.js";

/**
 * @typedef {import("../meeting/visit.js").Visit} Visit
 * @typedef {"audio" | "video"} Kind
 * @typedef {(token: string) => boolean} Take  a token, which says who the user is; answers whether it is taken
 * @typedef {{reconvene: "join" | "leave" | "mute" | "token" | "hello", name?: string, token?: string, audio?: boolean, video?: boolean}} Command
 */

const COMMANDS = new Set(["join", "leave", "mute", "token", "hello"]);
const KINDS = /** @type {const} */ (["audio", "video"]);

/** @param {unknown} data  whatever was posted @returns {Command | null} */
export function readCommand(data) {
  if (typeof data !== "object" || data === null) return null;
  const { reconvene, name, token, audio, video } = /** @type {Record<string, unknown>} */ (data);
  if (typeof reconvene !== "string" || !COMMANDS.has(reconvene)) return null;
  const texts = [name, token].every((text) => text === undefined || typeof text === "string");
  const flags = [audio, video].every((flag) => flag === undefined || typeof flag === "boolean");
  return texts && flags ? /** @type {Command} */ (data) : null;
}

/** What a page of this origin may say: everything if it is listed, less if everybody may. @param {string} origin @param {readonly string[]} listed */
export function trustIn(origin, listed) {
  // A page without an origin of its own cannot be answered.
  if (origin === "null") return "none";
  if (listed.includes(origin)) return "full";
  return listed.includes("*") ? "some" : "none";
}

export class Frame {
  #listed;
  #take;
  /** Of the page around, once it has spoken. */
  #origin = "";
  /** A join that waits for the view that it is made in. @type {Command | null} */
  #wish = null;
  /** @type {Visit | null} */
  #visit = null;
  /** What is followed now. @type {Visit["meeting"]} */
  #meeting = null;
  /** @type {Visit["media"] | null} */
  #media = null;
  #told = "";

  /** @param {readonly string[]} listed  origins @param {Take} take */
  constructor(listed, take) {
    this.#listed = listed;
    this.#take = take;
  }

  start() {
    window.addEventListener("message", (event) => this.#hear(event));
    // It says nothing that a stranger may not know.
    window.parent.postMessage({ reconvene: "ready" }, "*");
  }

  /** Another view is shown. @param {Visit | null} visit */
  shown(visit) {
    this.#visit = visit;
    this.#follow();
    this.#report();
    if (this.#wish && visit?.prejoin) this.#join(this.#wish);
  }

  /** @param {MessageEvent<unknown>} event */
  #hear({ source, origin, data }) {
    const trust = source === window.parent ? trustIn(origin, this.#listed) : "none";
    const command = trust === "none" ? null : readCommand(data);
    if (!command) return;
    this.#origin = origin;
    const { reconvene, token } = command;
    if (reconvene === "leave") this.#visit?.leave();
    if (reconvene === "mute") this.#mute(command, trust === "full");
    if (reconvene === "join" && this.#visit?.meeting) return this.#tell({ reconvene: "refused", why: "The user is in the meeting, or on the way into it." });
    if (reconvene === "join") this.#wish = command;
    if (token !== undefined && (reconvene === "join" || reconvene === "token")) {
      if (trust !== "full") this.#tell({ reconvene: "refused", why: "Only an origin that is listed gives tokens." });
      else if (!this.#take(token)) this.#tell({ reconvene: "refused", why: "In a call, only tokens of its user are taken." });
    }
    if (this.#wish && this.#visit?.prejoin) this.#join(this.#wish);
    if (reconvene === "hello" || reconvene === "join") this.#told = "";
    this.#report();
  }

  /** As whoever presses the button. Without a name the user has to say one. @param {Command} wish */
  #join({ name, audio, video }) {
    this.#wish = null;
    this.#mute({ reconvene: "mute", ...(audio === false && { audio: true }), ...(video === false && { video: true }) }, false);
    this.#visit?.joinAs(name);
  }

  /** @param {Command} command  true: off @param {boolean} both  whether it may turn something on, too */
  #mute(command, both) {
    const { media = null, meeting = null } = this.#visit ?? {};
    for (const kind of KINDS) {
      if (!media || command[kind] !== media.wanted[kind]) continue;
      if (media.wanted[kind]) media.turnOff({ [kind]: false });
      else if (both && meeting) ({ audio: () => meeting.me.setAudio(true), video: () => meeting.me.setVideo(true) })[kind]();
      else if (both) media.toggle(kind);
    }
  }

  #follow() {
    const { meeting = null, media = null } = this.#visit ?? {};
    if (meeting !== this.#meeting) {
      meeting?.subscribe(() => meeting === this.#meeting && this.#report());
      meeting?.on("tokenExpiring", ({ in: seconds }) => this.#tell({ reconvene: "token_expiring", in: seconds }));
    }
    if (media !== this.#media) media?.on("change", () => media === this.#media && this.#report());
    this.#meeting = meeting;
    this.#media = media;
  }

  /** Tells what has changed. */
  #report() {
    const { meeting, media } = this.#visit ?? {};
    const people = meeting ? everyone(meeting.getSnapshot()) : [];
    const participants = people.map(({ id, name, role, state }) => ({ id, name, role, state, me: id === meeting?.me.id }));
    const now = { reconvene: "state", view: document.body.dataset.view ?? "", media: media?.state ?? null, participants };
    const text = JSON.stringify(now);
    if (text === this.#told || !this.#origin) return;
    this.#told = text;
    this.#tell(now);
  }

  /** @param {object} message */
  #tell(message) {
    if (this.#origin) window.parent.postMessage(message, this.#origin);
  }
}

/** The frame that this page is in, if others' pages may have it in one. @param {Take} take @returns {Frame | null} */
export function frameHere(take) {
  const listed = document.querySelector('meta[name="embed-origins"]')?.getAttribute("content")?.split(" ").filter(Boolean) ?? [];
  return listed.length && window.parent !== window ? new Frame(listed, take) : null;
}
