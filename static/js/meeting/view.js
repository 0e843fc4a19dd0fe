/** The meeting view: shows the state of a Call and turns the user's actions into its calls. */
import { HERE_SHOWN, attendancePage, meetingLink } from "../../sdk/addresses.js";
import { Asking } from "./asking.js";
import { Colours } from "../ui/avatar.js";
import { ConnectionBanner } from "./banner.js";
import { showControl } from "./controls.js";
import { fromTemplate, part, write } from "../ui/dom.js";
import { Emitter } from "../../sdk/events.js";
import { LevelMeter, SpeakingDetector } from "../../sdk/levels.js";
import { Moderation } from "./moderation.js";
import { PeopleList } from "./people.js";
import { HINDRANCES } from "../../sdk/reachability.js";
import { recorders } from "../../sdk/roster.js";
import { showDevices, showHelp } from "./sheets.js";
import { Shortcuts } from "./shortcuts.js";
import { Stage } from "./stage.js";
import { newsText } from "../ui/device-errors.js";
import { canCall } from "../../sdk/webrtc.js";

/** @typedef {import("../../sdk/protocol.js").Participant} Participant */

const CONTROLS = /** @type {const} */ (["audio", "video", "screen", "hand"]);
const LEVEL_INTERVAL = 150;
const COPIED_FOR = 2_000;

/** @type {Record<import("../../sdk/roster.js").Happening["what"], (name: string) => string>} */
const HAPPENINGS = {
  joined: (name) => `${name} joined`,
  left: (name) => `${name} left`,
  lost: (name) => `${name} lost the connection`,
  removed: (name) => `${name} was removed`,
  hand: (name) => `${name} raised a hand`,
  sharing: (name) => `${name} is sharing a screen`,
  recording: (name) => `${name} is recording this meeting`,
  recorded: (name) => `${name} has stopped recording`,
};

/** @extends {Emitter<{leave: null, end: null}>} */
export class MeetingView extends Emitter {
  name = "meeting";
  title;
  element = fromTemplate("meeting");
  #call;
  #own;
  #toasts;
  #stage;
  #moderation;
  #people;
  #colours = new Colours();
  #banner = new ConnectionBanner(part(this.element, "banner"));
  #asking = new Asking(() => this.#show());
  #meter = new LevelMeter();
  /** @type {Map<string, SpeakingDetector>} */
  #speaking = new Map();
  #shortcuts;
  #timer = 0;
  #watch = new AbortController();

  /**
   * @param {import("../../sdk/call.js").Call} call
   * @param {string} ownName  shown until the server has answered
   * @param {import("./bearer.js").Bearer} bearer
   * @param {import("../ui/toasts.js").Toasts} toasts
   * @param {import("../../sdk/storage.js").PageStorage} storage
   */
  constructor(call, ownName, bearer, toasts, storage) {
    super();
    this.#call = call;
    this.#own = ownName;
    this.#toasts = toasts;
    this.#shortcuts = new Shortcuts(storage);
    this.#moderation = new Moderation(this.element, call, bearer, toasts);
    this.#people = new PeopleList(part(this.element, "list"), this.#moderation.menu);
    this.title = `${call.meeting.title || call.meeting.id} · Reconvene`;
    const sound = part(this.element, "sound");
    this.#stage = new Stage(this.element, storage, () => (sound.hidden = false));
  }

  start() {
    const { signal } = this.#watch;
    const call = this.#call;
    call.on("change", () => this.#show(), { signal });
    call.mesh.on("peer", () => this.#show(), { signal });
    call.on("away", () => this.#banner.away("Reconnecting…"), { signal });
    call.on("hindered", (verdict) => this.#hindered(verdict), { signal });
    call.on("joined", () => this.#banner.back(), { signal });
    call.on("resumed", () => this.#banner.back(), { signal });
    call.on("happening", ({ what, who }) => this.#toasts.show(HAPPENINGS[what](who.name)), { signal });
    this.#moderation.start(() => this.#togglePeople(), signal);
    call.media.on("news", (news) => this.#toasts.show(newsText(news)), { signal });
    part(this.element, "attendance", HTMLAnchorElement).href = attendancePage(call.meeting.id);
    part(this.element, "screen-control").hidden = !call.media.sharing.possible;
    if (!call.me) this.#banner.away("Connecting…");

    const { audio, video, screen, hand, ...commands } = this.#commands;
    /** @type {Record<string, () => void>} */
    const buttons = {
      ...commands,
      "audio-control": audio,
      "video-control": video,
      "screen-control": screen,
      "hand-control": hand,
      sound: () => this.#playSound(),
      invite: () => void this.#copyLink(),
      settings: () => void showDevices(call.media),
      "close-panel": () => this.#togglePeople(),
      end: () => {
        part(this.element, "host-menu").hidePopover(); // returns the focus, so that the dialog can return it in turn
        this.emit("end", null);
      },
    };
    for (const [name, run] of Object.entries(buttons)) part(this.element, name).addEventListener("click", run, { signal });
    part(this.element, "stage").addEventListener("click", (event) => this.#stageClicked(event), { signal });
    part(this.element, "host-menu").addEventListener("beforetoggle", () => this.#placeMenu(), { signal });
    document.addEventListener("keydown", (event) => this.#escaped(event), { signal });
    this.#shortcuts.start((command) => this.#commands[command]());
    this.#timer = window.setInterval(() => this.#listen(), LEVEL_INTERVAL);
    this.#show();
  }

  stop() {
    this.#watch.abort();
    clearInterval(this.#timer);
    this.#shortcuts.stop();
    this.#banner.stop();
    this.#asking.stop();
    this.#moderation.stop();
    this.#meter.stop();
    this.#stage.stop();
    this.#toasts.clear();
  }

  /** @type {Record<import("./shortcuts.js").Command, () => void>} */
  #commands = {
    audio: () => this.#call.toggleAudio(),
    video: () => this.#call.toggleVideo(),
    screen: () => this.#call.toggleScreen(),
    hand: () => this.#call.toggleHand(),
    people: () => this.#togglePeople(),
    copy: () => void this.#copyLink(),
    leave: () => this.emit("leave", null),
    help: () => void showHelp(this.#shortcuts),
  };

  /** @param {import("../../sdk/reachability.js").Verdict} verdict */
  #hindered(verdict) {
    const call = this.#call;
    if (verdict === "blocked" || verdict === "limited" || (verdict && !call.me)) this.#banner.away(HINDRANCES[verdict], () => call.hurry());
    else this.#banner.away(call.me ? "Reconnecting…" : "Connecting…");
  }

  #show() {
    const { meeting, participants, media: { states, microphone }, me, myId, roster } = this.#call;
    write(part(this.element, "title"), meeting.title || meeting.id);
    write(part(this.element, "id"), meeting.title ? meeting.id : "");
    write(part(this.element, "count"), String(Math.max(1, roster.size)));
    write(part(this.element, "link-start"), `${HERE_SHOWN}/m/`);
    write(part(this.element, "link-id"), meeting.id);
    this.#showRecording(recorders(roster));
    part(this.element, "alone").hidden = roster.size !== 1;
    this.#moderation.update();
    const shown = /** @type {const} */ ({ ...states, hand: me?.hand ? "on" : "off" });
    for (const control of CONTROLS) {
      const state = shown[control] === "off" && !this.#call.may(control) ? "forbidden" : shown[control];
      showControl(part(this.element, `${control}-control`), control, state);
    }
    this.#colours.meet(participants.map(({ id }) => id));
    this.#people.update(participants, myId, this.#colours);
    this.#stage.update(this.#pictures());
    this.#meter.listen(microphone);
    this.#asking.update(states);
    write(part(this.element, "asking"), this.#asking.text);
    part(this.element, "asking").hidden = !this.#asking.text;
  }

  /** @param {Participant[]} recorders */
  #showRecording(recorders) {
    const mark = part(this.element, "recording");
    mark.hidden = !recorders.length;
    mark.title = `Recorded by ${recorders.map(({ name }) => name).join(", ")}`;
  }

  /** Everyone in order of arrival, oneself last, with shared screens separate. @returns {import("./tile.js").Picture[]} */
  #pictures() {
    const { participants, mesh, media, myId } = this.#call;
    const [me = this.#placeholder(), ...others] = participants;
    const facing = media.camera?.getSettings().facingMode;
    const own = { participant: { ...me, media: this.#call.state }, connection: canCall() ? "self" : "unable", own: true, hue: this.#colours.of(me.id) };
    /** @type {import("./tile.js").Picture[]} */
    const pictures = others.flatMap((participant) => {
      const peer = mesh.peers.get(participant.id);
      const { audio, video, screen } = this.#call.plays(participant.id);
      const base = { participant: { ...participant, media: { audio, video, screen } }, connection: mesh.connection(participant.id), own: false, mirrored: false, hue: this.#colours.of(participant.id) };
      const person = { ...base, stream: peer?.camera ?? null, screen: false };
      return screen && peer?.screen ? [person, { ...base, stream: peer.screen, screen: true }] : [person];
    });
    pictures.push({ ...own, stream: media.stream, screen: false, mirrored: facing !== "environment" });
    if (media.screen && myId) pictures.push({ ...own, stream: media.screen, screen: true, mirrored: false });
    return pictures;
  }

  /** The own tile before the server has answered. @returns {Participant} */
  #placeholder() {
    return {
      id: "", name: this.#own, role: "participant", media: this.#call.state, hand: false,
      state: "connected", instance: "", joined_at: "",
    };
  }

  /** Marks who is speaking. */
  #listen() {
    const now = performance.now();
    for (const id of this.#call.roster.keys()) {
      const detector = this.#speaking.get(id) ?? new SpeakingDetector();
      this.#speaking.set(id, detector);
      const own = id === this.#call.myId;
      const level = own ? this.#meter.level : (this.#call.mesh.peers.get(id)?.level ?? 0);
      const audible = this.#call.plays(id).audio;
      this.#stage.speaking({ id, own }, audible && detector.speaking(level, now));
    }
  }

  get #link() {
    return meetingLink(this.#call.meeting.id);
  }

  async #copyLink() {
    try {
      await navigator.clipboard.writeText(this.#link);
    } catch {
      this.#toasts.show(`Copying was not allowed. The link is ${this.#link}`);
      return;
    }
    const text = part(this.element, "copy-text");
    const button = part(this.element, "copy");
    this.#toasts.show("Link copied");
    write(text, "Copied");
    button.dataset.done = "";
    setTimeout(() => {
      write(text, "Copy link");
      delete button.dataset.done;
    }, COPIED_FOR);
  }

  #togglePeople() {
    const panel = part(this.element, "panel");
    const button = part(this.element, "people");
    const focused = panel.contains(document.activeElement);
    panel.hidden = !panel.hidden;
    button.setAttribute("aria-expanded", String(!panel.hidden));
    this.#moderation.update();
    if (!panel.hidden) panel.querySelector("h2")?.focus();
    else if (focused) button.focus();
  }

  /** Overlays of the meeting take Escape first. @param {KeyboardEvent} event */
  #escaped({ key, isComposing }) {
    if (key !== "Escape" || isComposing || document.querySelector("dialog[open], :popover-open")) return;
    if (!part(this.element, "panel").hidden) this.#togglePeople();
  }

  /** Places the menu above its button. */
  #placeMenu() {
    const { style } = part(this.element, "host-menu");
    const { right, top } = part(this.element, "host-options").getBoundingClientRect();
    style.setProperty("--right", `${Math.max(8, document.documentElement.clientWidth - right)}px`);
    style.setProperty("--bottom", `${window.innerHeight - top + 8}px`);
  }

  #playSound() {
    part(this.element, "sound").hidden = true;
    this.#stage.play();
  }

  /** @param {MouseEvent} event */
  #stageClicked(event) {
    if (event.target instanceof Element && event.target.closest('[data-part="stop"]')) this.#call.media.sharing.stop();
  }
}
