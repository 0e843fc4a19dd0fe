/** The view before joining: shows how one will be seen and heard; every device is optional. */
import { echoOffer } from "../here/http-api.js";
import { Asking } from "./asking.js";
import { hueOf, paintAvatar } from "../ui/avatar.js";
import { showControl } from "./controls.js";
import { DevicePicker } from "./device-picker.js";
import { LevelBar } from "./level-bar.js";
import { enable, fromTemplate, part, write } from "../ui/dom.js";
import { canCall, Emitter } from "../../sdk/reconvene.js";
import { LONG, TAKES_TIME, hindranceText } from "../ui/hindrances.js";
import { plannedText } from "./planned.js";
import { problemText } from "../ui/problems.js";
import { newsText, deviceErrorTexts } from "../ui/device-errors.js";
import { TestPanel } from "../call-test/panel.js";
import { t, tn } from "../words/words.js";

/** @extends {Emitter<{join: {name: string}}>} */
export class Prejoin extends Emitter {
  name = "prejoin";
  title;
  element = fromTemplate("prejoin");
  #identity;
  #media;
  #wanted;
  #picker;
  /** @type {TestPanel | null} */
  #test = null;
  #level = new LevelBar(part(this.element, "level"));
  #asking = new Asking(() => this.#show());
  /** The latest change of a device that the user did not make. */
  #news = "";
  #joining = 0;
  #watch = new AbortController();

  /**
   * @param {import("../../sdk/reconvene.js").MeetingInfo} meeting @param {import("../here/identity.js").Identity} identity
   * @param {import("../../sdk/reconvene.js").LocalMedia} media
   * @param {{audio: boolean, video: boolean}} wanted  what to open @param {import("./device-memory.js").DeviceMemory} memory
   */
  constructor(meeting, identity, media, wanted, memory) {
    super();
    this.#identity = identity;
    this.title = `${meeting.title || meeting.id} · Reconvene`;
    this.#media = media;
    this.#wanted = wanted;
    this.#picker = new DevicePicker(media, memory, meeting.participants ?? 0);
    part(this.element, "devices").append(this.#picker.element);
    const name = part(this.element, "name", HTMLInputElement);
    name.value = identity.name;
    // What the application's token says counts, whatever is written here.
    name.readOnly = identity.login.name !== "";
    part(this.element, "login").hidden = !name.readOnly;
    write(part(this.element, "meeting-id"), meeting.id);
    write(part(this.element, "title"), meeting.title || t("Ready to join?"));
    write(part(this.element, "present"), presence(meeting.participants ?? 0));
    write(part(this.element, "planned"), plannedText(meeting.opens_at, meeting.ends_at));
  }

  start() {
    const { signal } = this.#watch;
    const name = part(this.element, "name", HTMLInputElement);
    part(this.element, "video", HTMLVideoElement).srcObject = this.#media.stream;
    part(this.element, "audio-control").addEventListener("click", () => this.#toggle("audio"), { signal });
    part(this.element, "video-control").addEventListener("click", () => this.#toggle("video"), { signal });
    name.addEventListener("input", () => this.#show(), { signal });
    part(this.element, "form", HTMLFormElement).addEventListener("submit", (event) => this.#submit(event), { signal });
    part(this.element, "test").addEventListener("click", () => this.#openTest(), { signal });
    this.#media.on("change", () => this.#show(), { signal });
    this.#media.on("news", (news) => this.#tell(news), { signal });
    void this.#offerTest();
    this.#picker.start();
    this.#level.start();
    this.#media.open(this.#wanted);
    this.#show();
  }

  /** Where the focus belongs when the view appears. */
  focus() {
    const name = part(this.element, "name", HTMLInputElement);
    (name.value ? part(this.element, "join") : name).focus();
  }

  stop() {
    this.#watch.abort();
    // A video that has a stream is kept, with all around it.
    part(this.element, "video", HTMLVideoElement).srcObject = null;
    this.#test?.stop();
    this.#asking.stop();
    clearTimeout(this.#joining);
    this.#picker.stop();
    this.#level.stop();
  }

  /** @param {boolean} busy */
  set busy(busy) {
    const button = part(this.element, "join", HTMLButtonElement);
    const wait = part(this.element, "wait");
    enable(button, !busy);
    write(button, busy ? t("Joining…") : t("Join now"));
    clearTimeout(this.#joining);
    write(wait, "");
    if (busy) this.#joining = window.setTimeout(() => write(wait, TAKES_TIME), LONG);
  }

  /** Says why a join has to wait; "": nothing hinders it any more. @param {import("../../sdk/reconvene.js").Snapshot["hindered"]} verdict */
  hindered(verdict) {
    this.busy = true;
    if (!verdict) return;
    clearTimeout(this.#joining);
    write(part(this.element, "wait"), hindranceText(verdict));
    if (verdict !== "blocked") return;
    const button = part(this.element, "join", HTMLButtonElement);
    enable(button, true);
    write(button, t("Try again"));
  }

  /** @param {SubmitEvent} event */
  #submit(event) {
    event.preventDefault();
    const field = part(this.element, "name", HTMLInputElement);
    const name = field.value.trim();
    if (!name) return this.complain(t("Tell the others who you are."));
    field.removeAttribute("aria-invalid");
    write(part(this.element, "error"), "");
    this.#closeTest();
    this.emit("join", { name });
  }

  /** @param {unknown} error  what is wrong with the name, or was told of it */
  complain(error) {
    const field = part(this.element, "name", HTMLInputElement);
    this.busy = false;
    field.setAttribute("aria-invalid", "true");
    write(part(this.element, "error"), problemText(error));
    field.focus();
  }

  async #offerTest() {
    // A server that does not answer this may still let people in.
    const { available } = await echoOffer().catch(() => ({ available: false }));
    part(this.element, "offer").hidden = !available || !canCall();
  }

  #openTest() {
    this.#test = new TestPanel(this.#identity, this.#media, part(this.element, "returned"));
    this.#test.on("close", () => {
      this.#closeTest();
      part(this.element, "test").focus();
    });
    part(this.element, "offer").hidden = true;
    part(this.element, "test-place").append(this.#test.element);
    this.#test.start();
  }

  #closeTest() {
    if (!this.#test) return;
    this.#test.stop();
    this.#test = null;
    part(this.element, "offer").hidden = false;
  }

  #show() {
    const { states, errors } = this.#media;
    part(this.element, "preview").dataset.video = states.video === "on" ? "on" : "off";
    showControl(part(this.element, "audio-control"), "audio", states.audio);
    showControl(part(this.element, "video-control"), "video", states.video);
    const name = part(this.element, "name", HTMLInputElement).value.trim();
    part(this.element, "avatar").hidden = !name;
    paintAvatar(part(this.element, "avatar"), name, hueOf(""));
    write(part(this.element, "camera-note"), cameraNote(states.video, errors.video !== null));
    this.#level.listen(this.#media.microphone);
    this.#asking.update(states);
    const asking = this.#asking.text && `${this.#asking.text} ${t("Your browser asks for it: answer there, or join without.")}`;
    this.#notes(...[asking, this.#news, ...deviceErrorTexts(errors)].filter(Boolean));
  }

  /** @param {"audio" | "video"} kind */
  #toggle(kind) {
    this.#news = "";
    this.#media.toggle(kind);
  }

  /** @param {import("../../sdk/reconvene.js").DeviceNews} news */
  #tell(news) {
    if (news.what === "failed") return; // Failures are shown elsewhere while they last.
    this.#news = newsText(news);
    this.#show();
  }

  /** @param {string[]} texts */
  #notes(...texts) {
    const notes = part(this.element, "notes");
    if (notes.textContent === texts.join("")) return;
    notes.replaceChildren(...texts.map((text) => Object.assign(document.createElement("p"), { textContent: text })));
  }
}

/** @param {import("../../sdk/reconvene.js").DeviceState} state @param {boolean} failed */
function cameraNote(state, failed) {
  if (state === "asking") return t("Waiting for your camera");
  return failed || state === "muted" ? t("No picture from your camera") : t("Your camera is off");
}

/** @param {number} count  of people and bots */
function presence(count) {
  if (count === 0) return t("Nobody is here yet. You are the first.");
  return tn(count, "One participant is here.", "{count} participants are here.");
}
