/** The meeting view: shows a meeting, and does in it what the user wants. */
import { HERE_SHOWN, attendancePage } from "../here/addresses.js";
import { Asking } from "./asking.js";
import { Colours } from "../ui/avatar.js";
import { ConnectionBanner } from "./banner.js";
import { startChat } from "./chat.js";
import { MeetingClock } from "./clock.js";
import { showControl } from "./controls.js";
import { fromTemplate, hide, part, set, write } from "../ui/dom.js";
import { everyone, oneself } from "./everyone.js";
import { canCall, Emitter, LevelMeter } from "../../sdk/reconvene.js";
import { copyLink, showInvite } from "./invite-sheet.js";
import { Moderation } from "./moderation.js";
import { PeopleList } from "./people.js";
import { HINDRANCES } from "../ui/hindrances.js";
import { moveByArrows } from "../ui/menus.js";
import { showDevices, showHelp } from "./sheets.js";
import { QualityMarks } from "./quality-marks.js";
import { Shortcuts } from "./shortcuts.js";
import { Sounding } from "./sounding.js";
import { Stage } from "./stage.js";
import { newsText } from "../ui/device-errors.js";
import { ViewMenu } from "./view-menu.js";
import { all, t } from "../words/words.js";

/** @typedef {import("../../sdk/reconvene.js").ParticipantView} ParticipantView */

const CONTROLS = /** @type {const} */ (["audio", "video", "screen", "hand"]);
const MENUS = ["views-menu", "person-menu", "reactions", "host-menu"];
const LEVEL_INTERVAL = 150;

/** @type {Record<import("../../sdk/reconvene.js").MeetingEvents["happening"]["what"], (name: string, before: string) => string>} */
const HAPPENINGS = {
  joined: (name) => t("{name} joined", { name }),
  left: (name) => t("{name} left", { name }),
  lost: (name) => t("{name} lost the connection", { name }),
  removed: (name) => t("{name} was removed", { name }),
  hand: (name) => t("{name} raised a hand", { name }),
  sharing: (name) => t("{name} is sharing a screen", { name }),
  recording: (name) => t("{name} is recording this meeting", { name }),
  recorded: (name) => t("{name} has stopped recording", { name }),
  renamed: (name, before) => t("{before} is called {name} now", { name, before }),
};

/** @extends {Emitter<{leave: null, end: null}>} */
export class MeetingView extends Emitter {
  name = "meeting";
  title;
  element = fromTemplate("meeting");
  #meeting;
  #media;
  #memory;
  #toasts;
  #stage;
  #moderation;
  #people;
  #colours = new Colours();
  #banner = new ConnectionBanner(part(this.element, "banner"));
  #asking = new Asking(() => this.#show());
  #clock;
  #meter = new LevelMeter();
  #shortcuts;
  #storage;
  #sounding;
  #qualities;
  #views;
  #timer = 0;
  #frame = 0;
  #watch = new AbortController();

  /**
   * @param {import("../../sdk/reconvene.js").Meeting} meeting
   * @param {import("../../sdk/reconvene.js").LocalMedia} media  that the user sends there @param {import("./device-memory.js").DeviceMemory} memory
   * @param {import("./bearer.js").Bearer} bearer
   * @param {import("../ui/toasts.js").Toasts} toasts
   * @param {import("../here/storage.js").PageStorage} storage
   */
  constructor(meeting, media, memory, bearer, toasts, storage) {
    super();
    this.#meeting = meeting;
    this.#media = media;
    this.#memory = memory;
    this.#toasts = toasts;
    this.#storage = storage;
    this.#clock = new MeetingClock(part(this.element, "clock"), meeting);
    this.#shortcuts = new Shortcuts(storage);
    this.#sounding = new Sounding(this.element, meeting, media, memory, toasts, storage, this.#shortcuts);
    this.#qualities = new QualityMarks(part(this.element, "stage"), meeting);
    this.#moderation = new Moderation(this.element, meeting, bearer, toasts, this.#sounding.tones);
    this.#moderation.menu.quality = (id) => this.#qualities.of(id);
    this.#people = new PeopleList(part(this.element, "list"), this.#moderation.menu);
    this.title = `${meeting.getSnapshot().title || meeting.id} · Reconvene`;
    const sound = part(this.element, "sound");
    this.#stage = new Stage(this.element, storage, () => (sound.hidden = false), (cameras, screens) => meeting.show(cameras, screens));
    this.#moderation.menu.pins = this.#stage;
    this.#views = new ViewMenu(this.element, this.#stage);
  }

  start() {
    const { signal } = this.#watch;
    const meeting = this.#meeting;
    signal.addEventListener("abort", meeting.subscribe(() => this.#later()));
    meeting.on("state", (state) => this.#became(state), { signal });
    meeting.on("hindered", (verdict) => this.#hindered(verdict), { signal });
    meeting.on("happening", ({ what, participant: { name }, before = name }) => this.#toasts.show(HAPPENINGS[what](name, before)), { signal });
    this.#moderation.start(() => this.#togglePeople(), signal);
    startChat(this.element, meeting, this.#toasts, this.#storage, signal);
    meeting.on("device", (news) => this.#toasts.show(newsText(news)), { signal });
    part(this.element, "attendance", HTMLAnchorElement).href = attendancePage(meeting.id);
    part(this.element, "screen-control").hidden = !this.#media.canShare;
    if (!meeting.me.id) this.#banner.connecting();

    const { audio, video, screen, hand, copy, ...commands } = this.#commands;
    /** @type {Record<string, () => void>} */
    const buttons = {
      ...commands,
      "audio-control": audio,
      "video-control": video,
      "screen-control": screen,
      "hand-control": hand,
      sound: () => this.#playSound(),
      invite: copy,
      "invite-people": () => void showInvite(this.#meeting),
      settings: () => void showDevices(this.#media, this.#memory, meeting.participants.size + 1),
      "close-panel": () => this.#togglePeople(),
      end: () => {
        part(this.element, "host-menu").hidePopover(); // returns the focus, so that the dialog can return it in turn
        this.emit("end", null);
      },
    };
    for (const [name, run] of Object.entries(buttons)) part(this.element, name).addEventListener("click", run, { signal });
    for (const menu of MENUS) moveByArrows(part(this.element, menu), signal);
    part(this.element, "stage").addEventListener("click", (event) => this.#stageClicked(event), { signal });
    part(this.element, "host-menu").addEventListener("beforetoggle", () => this.#placeMenu(), { signal });
    document.addEventListener("keydown", (event) => this.#escaped(event), { signal });
    this.#sounding.start(signal);
    this.#memory.speaker.watch(signal);
    this.#qualities.start();
    this.#shortcuts.start((command) => this.#commands[command]());
    this.#timer = window.setInterval(() => this.#listen(), LEVEL_INTERVAL);
    this.#show();
  }

  stop() {
    this.#watch.abort();
    clearInterval(this.#timer);
    cancelAnimationFrame(this.#frame);
    this.#shortcuts.stop();
    this.#sounding.stop();
    this.#qualities.stop();
    this.#banner.stop();
    this.#asking.stop();
    this.#meter.stop();
    this.#stage.stop();
    this.#toasts.clear();
  }

  /** @returns {Record<import("./shortcuts.js").Command, () => void>} */
  get #commands() {
    return { ...this.#views.commands, ...this.#own };
  }

  #own = {
    audio: () => this.#meeting.me.setAudio(this.#isOff("audio")),
    video: () => this.#meeting.me.setVideo(this.#isOff("video")),
    screen: () => this.#meeting.me.setScreen(this.#isOff("screen")),
    hand: () => this.#meeting.me.setHand(!this.#meeting.me.hand),
    people: () => this.#togglePeople(),
    copy: () => void copyLink(this.#meeting.id, this.#toasts),
    leave: () => this.emit("leave", null),
    help: () => void showHelp(this.#shortcuts, this.#sounding.talk),
  };

  /** @param {"audio" | "video" | "screen"} what */
  #isOff(what) {
    return this.#media.states[what] === "off";
  }

  /** @param {import("../../sdk/reconvene.js").MeetingState} state */
  #became(state) {
    if (state === "reconnecting") this.#banner.away(t("Reconnecting…"));
    if (state === "joined") this.#banner.back();
  }

  /** @param {import("../../sdk/reconvene.js").Snapshot["hindered"]} verdict */
  #hindered(verdict) {
    const meeting = this.#meeting;
    const known = meeting.me.id !== "";
    if (verdict === "blocked" || verdict === "limited" || (verdict && !known)) this.#banner.away(HINDRANCES[verdict], () => meeting.hurry());
    else if (known) this.#banner.away(t("Reconnecting…"));
    else this.#banner.connecting();
  }

  /** Once in a frame, however much happens; a hidden page has no frames, but is told what it is to say of itself. */
  #later() {
    if (document.hidden) return this.#show();
    this.#frame ||= requestAnimationFrame(() => this.#show());
  }

  #show() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const { id } = this.#meeting;
    const snapshot = this.#meeting.getSnapshot();
    const { title, me, participants, hands, settings } = snapshot;
    const people = everyone(snapshot);
    const { states, microphone } = this.#media;
    write(part(this.element, "title"), title || id);
    write(part(this.element, "id"), title ? id : "");
    write(part(this.element, "count"), String(Math.max(1, people.length)));
    write(part(this.element, "link-start"), `${HERE_SHOWN}/m/`);
    write(part(this.element, "link-id"), id);
    this.#showRecording(participants.filter(({ recording }) => recording));
    hide(part(this.element, "alone"), people.length !== 1);
    this.#moderation.update();
    const shown = /** @type {const} */ ({ ...states, hand: me.hand ? "on" : "off" });
    for (const control of CONTROLS) {
      const state = shown[control] === "off" && !me.may[control] ? "forbidden" : shown[control];
      showControl(part(this.element, `${control}-control`), control, state);
    }
    this.#colours.meet(people.map((person) => person.id));
    this.#people.update(people, hands, me.id, this.#colours);
    this.#stage.update(this.#pictures(snapshot), settings.spotlight);
    for (const video of this.element.querySelectorAll("video")) this.#memory.speaker.follow(video);
    this.#meter.listen(microphone);
    this.#asking.update(states);
    write(part(this.element, "asking"), this.#asking.text);
    hide(part(this.element, "asking"), !this.#asking.text);
  }

  /** @param {ParticipantView[]} recorders */
  #showRecording(recorders) {
    const mark = part(this.element, "recording");
    hide(mark, !recorders.length);
    set(mark, "title", t("Recorded by {names}", { names: all(recorders.map(({ name }) => name)) }));
  }

  /** Everyone in order of arrival, oneself last, with shared screens separate. @param {import("../../sdk/reconvene.js").Snapshot} snapshot @returns {import("./tile.js").Picture[]} */
  #pictures({ me, participants }) {
    const { stream, screen: shared, camera } = this.#media;
    const facing = camera?.getSettings().facingMode;
    const own = { participant: oneself(me), connection: canCall() ? "self" : "unable", own: true, hue: this.#colours.of(me.id) };
    /** @type {import("./tile.js").Picture[]} */
    const pictures = participants.flatMap((participant) => {
      const { id, connection, camera, screen, sends } = participant;
      const base = { participant, connection, own: false, mirrored: false, hue: this.#colours.of(id) };
      const person = { ...base, stream: camera, screen: false };
      return sends.screen && screen ? [person, { ...base, stream: screen, screen: true }] : [person];
    });
    pictures.push({ ...own, stream, screen: false, mirrored: facing !== "environment" });
    if (shared && me.id) pictures.push({ ...own, stream: shared, screen: true, mirrored: false });
    return pictures;
  }

  /** Marks who is speaking, and how long it has been going. */
  #listen() {
    this.#clock.update();
    const { id: myId } = this.#meeting.me;
    /** @param {string} id */
    const levelOf = (id) => (id === myId ? this.#meter.level : this.#meeting.level(id));
    const people = everyone(this.#meeting.getSnapshot());
    const levels = people.map(({ id, sends }) => /** @type {const} */ ([id, sends.audio ? levelOf(id) : 0]));
    this.#stage.hear(new Map(levels), myId, performance.now());
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
    if (event.target instanceof Element && event.target.closest('[data-part="stop"]')) this.#meeting.me.setScreen(false);
  }
}
