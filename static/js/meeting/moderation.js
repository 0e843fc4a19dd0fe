/** All that a meeting's view shows of those in charge: what they can do, and what they have done. */
import { showHostLink } from "./host-link.js";
import { showHostPanel } from "./host-panel.js";
import { KnockList, KnockSound } from "./knock-list.js";
import { hasAsked, knockEnded, newsOf, turnedOff } from "./moderation-news.js";
import { askToTurnOn } from "./moderation-questions.js";
import { PersonMenu } from "./person-menu.js";
import { FORBIDDEN } from "./rights-texts.js";
import { part } from "../ui/dom.js";

/**
 * @typedef {import("../../sdk/call.js").Call} Call
 * @typedef {import("../../sdk/call.js").CallEvents} CallEvents
 */

const MEDIA = /** @type {const} */ (["audio", "video", "screen"]);

export class Moderation {
  menu;
  #view;
  #call;
  #bearer;
  #toasts;
  #knocks;
  #sound = new KnockSound();

  /**
   * @param {HTMLElement} view  the meeting's @param {Call} call @param {import("./bearer.js").Bearer} bearer
   * @param {import("../ui/toasts.js").Toasts} toasts
   */
  constructor(view, call, bearer, toasts) {
    this.#view = view;
    this.#call = call;
    this.#bearer = bearer;
    this.#toasts = toasts;
    this.menu = new PersonMenu(part(view, "person-menu"), call);
    this.#knocks = new KnockList(view, call);
  }

  /** @param {() => void} showPeople @param {AbortSignal} signal */
  start(showPeople, signal) {
    const call = this.#call;
    this.#knocks.start(showPeople, signal);
    call.on("event", (happened) => this.#happened(happened), { signal });
    call.on("muted", (muted) => muted.by === undefined && this.#toasts.show(turnedOff(muted)), { signal });
    call.on("forbidden", (right) => this.#toasts.show(FORBIDDEN[right]), { signal });
    call.on("answered", (answered) => this.#answered(answered), { signal });
    call.on("joined", ({ knocks }) => knocks?.length && this.#sound.play(), { signal });
    part(this.#view, "person-menu").addEventListener("keydown", (event) => this.menu.moved(event), { signal });
    for (const name of ["moderate", "manage"]) part(this.#view, name).addEventListener("click", () => this.#openPanel(), { signal });
    part(this.#view, "keep-host").addEventListener("click", () => void showHostLink(call, this.#bearer), { signal });
  }

  stop() {
    this.#sound.stop();
  }

  update() {
    const { me, inCharge } = this.#call;
    const isHost = me?.role === "host";
    part(this.#view, "host-options").hidden = !isHost && !inCharge;
    part(this.#view, "attendance").hidden = !isHost;
    part(this.#view, "end").hidden = !isHost;
    part(this.#view, "moderate").hidden = part(this.#view, "people-foot").hidden = !inCharge;
    part(this.#view, "host-note").hidden = !isHost || !inCharge;
    this.#knocks.update();
  }

  /** @param {import("../../sdk/actions.js").Answered} answered */
  #answered({ order, error }) {
    if (order.type.startsWith("chat")) return;
    if (error) return this.#toasts.show(`That did not work: ${error.message}`);
    // Nothing else in the meeting changes by it.
    if (order.type === "ask") this.#toasts.show(hasAsked(order, this.#call.participants));
  }

  #openPanel() {
    part(this.#view, "host-menu").hidePopover(); // returns the focus, so that the dialog can return it in turn
    void showHostPanel(this.#call, this.#bearer);
  }

  /** @param {CallEvents["event"]} happened */
  #happened({ event, before }) {
    const { myId, knocks } = this.#call;
    for (const text of newsOf(event, before, myId)) this.#toasts.show(text);
    if (event.type === "knock" && knocks.has(event.knock.id)) this.#sound.play();
    if (event.type === "ask") void this.#asked(before.roster.get(event.from)?.name ?? "The host", event.media);
    const knocker = event.type === "knock_ended" && before.knocks.get(event.id);
    if (knocker) this.#toasts.show(knockEnded(event, knocker.name, before, myId));
  }

  /** Somebody in charge asks to turn something on. @param {string} name @param {Partial<import("../../sdk/protocol.js").MediaState>} media */
  async #asked(name, media) {
    const call = this.#call;
    const off = () => MEDIA.filter((right) => media[right] && !call.state[right]);
    if (!off().length || !(await askToTurnOn(name, off()))) return;
    const toggle = { audio: () => call.toggleAudio(), video: () => call.toggleVideo(), screen: () => call.toggleScreen() };
    for (const right of off()) toggle[right]();
  }
}
