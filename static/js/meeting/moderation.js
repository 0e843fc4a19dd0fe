/** All that a meeting's view shows of those in charge: what they can do, and what they have done. */
import { EndNews } from "./end-news.js";
import { showHostLink } from "./host-link.js";
import { showHostPanel } from "./host-panel.js";
import { KnockList } from "./knock-list.js";
import { knockEnded, ruledNews, settingsNews, turnedOff } from "./moderation-news.js";
import { askToTurnOn } from "./moderation-questions.js";
import { tellingOrders } from "./order-news.js";
import { PersonMenu } from "./person-menu.js";
import { FORBIDDEN } from "./rights-texts.js";
import { hide, part, write } from "../ui/dom.js";
import { t } from "../words/words.js";

/**
 * @typedef {import("../../sdk/reconvene.js").Meeting} Meeting
 * @typedef {import("../../sdk/reconvene.js").MeetingEvents} MeetingEvents
 */

const MEDIA = /** @type {const} */ (["audio", "video", "screen"]);

export class Moderation {
  menu;
  #view;
  #meeting;
  #bearer;
  #toasts;
  #tell;
  #knocks;
  #tones;

  /**
   * @param {HTMLElement} view  the meeting's @param {Meeting} meeting @param {import("./bearer.js").Bearer} bearer
   * @param {import("../ui/toasts.js").Toasts} toasts @param {import("./tones.js").Tones} tones
   */
  constructor(view, meeting, bearer, toasts, tones) {
    this.#tones = tones;
    this.#view = view;
    this.#meeting = meeting;
    this.#bearer = bearer;
    this.#toasts = toasts;
    this.#tell = tellingOrders(meeting, toasts);
    this.menu = new PersonMenu(part(view, "person-menu"), meeting, this.#tell);
    this.#knocks = new KnockList(view, meeting, this.#tell);
  }

  /** @param {() => void} showPeople @param {AbortSignal} signal */
  start(showPeople, signal) {
    const meeting = this.#meeting;
    this.#knocks.start(showPeople, signal);
    meeting.on("ruled", (ruled) => this.#say(...ruledNews(ruled, meeting.me.id, this.#nameOf)), { signal });
    meeting.on("meetingChanged", (changed) => this.#say(...settingsNews(changed, meeting.me.id, this.#nameOf)), { signal });
    meeting.on("knock", ({ name }) => this.#say(t("{name} asks to be let in", { name })), { signal });
    meeting.on("knockEnded", (ended) => ended.name && this.#say(knockEnded(ended, meeting.me.id, this.#nameOf)), { signal });
    meeting.on("muted", (muted) => muted.by === undefined && this.#say(...turnedOff(muted, meeting.getSnapshot().me.may)), { signal });
    meeting.on("error", ({ right }) => right && this.#say(FORBIDDEN[right]), { signal });
    meeting.on("asked", (asked) => void this.#asked(asked), { signal });
    new EndNews(meeting, (text) => this.#say(text)).start(signal);
    for (const name of ["moderate", "manage"]) part(this.#view, name).addEventListener("click", () => this.#openPanel(), { signal });
    if (this.#bearer.outside) write(part(this.#view, "host-words"), t("You are the host, wherever you log in."));
    part(this.#view, "keep-host").addEventListener("click", () => void showHostLink(meeting, this.#bearer), { signal });
  }

  update() {
    const { role, inCharge } = this.#meeting.getSnapshot().me;
    const isHost = role === "host";
    hide(part(this.#view, "host-options"), !isHost && !inCharge);
    hide(part(this.#view, "attendance"), !isHost);
    hide(part(this.#view, "end"), !isHost);
    for (const name of ["moderate", "people-foot"]) hide(part(this.#view, name), !inCharge);
    hide(part(this.#view, "host-note"), !isHost || !inCharge);
    if (this.#knocks.update()) void this.#tones.play("knock");
  }

  /** @param {string[]} texts */
  #say(...texts) {
    for (const text of texts) this.#toasts.show(text);
  }

  /** @param {string} id */
  #nameOf = (id) => (id === this.#meeting.me.id ? t("You") : this.#meeting.participants.get(id)?.name);

  #openPanel() {
    part(this.#view, "host-menu").hidePopover(); // returns the focus, so that the dialog can return it in turn
    void showHostPanel(this.#meeting, this.#bearer, this.#tell);
  }

  /** Somebody in charge asks to turn something on. @param {MeetingEvents["asked"]} asked */
  async #asked({ from, media }) {
    const { me } = this.#meeting;
    const off = () => MEDIA.filter((right) => media[right] && !this.#meeting.getSnapshot().me.sends[right]);
    if (!off().length || !(await askToTurnOn(this.#nameOf(from) ?? t("Somebody in charge"), off()))) return;
    const turnOn = { audio: () => me.setAudio(true), video: () => me.setVideo(true), screen: () => me.setScreen(true) };
    for (const right of off()) turnOn[right]();
  }
}
