/** One visit to /m/{id}: from the link, through the pre-join view or straight back, into the meeting and out of it. */
import { HERE, HOME, attendancePage } from "../here/addresses.js";
import { withToken } from "../here/fragment.js";
import { Reconvene, ReconveneError } from "../../sdk/reconvene.js";
import { createMeeting } from "../here/http-api.js";
import { tabStorage } from "../here/storage.js";
import { Bearer } from "./bearer.js";
import { ChatDraft } from "./chat-draft.js";
import { DeviceMemory } from "./device-memory.js";
import { findMeeting } from "../ui/find-meeting.js";
import { rememberMeeting } from "../ui/recents.js";
import { underway } from "../ui/underway.js";
import { Ending } from "./ending.js";
import { MeetingNotice } from "./meeting-notice.js";
import { OwnMedia } from "./own-media.js";
import { recordOf } from "./own-record.js";
import { Prejoin } from "./prejoin.js";
import { howToLeave } from "./leaving.js";
import { tellingOrders } from "./order-news.js";
import { askWhetherToEnd } from "./questions.js";
import { followsFrom } from "./refusals.js";
import { TabPlace } from "./tab-place.js";
import { MeetingView } from "./view.js";
import { WaitingRoom } from "./waiting-room.js";

/**
 * @typedef {import("../../sdk/reconvene.js").Meeting} Meeting
 * @typedef {import("./second-wishes.js").Wish} Wish
 *
 * @typedef {object} Surroundings
 * @property {import("../here/identity.js").Identity} identity
 * @property {import("../here/invites.js").Invites} invites
 * @property {import("../here/tab-session.js").TabSessionKeeper} tabSessions
 * @property {import("../ui/toasts.js").Toasts} toasts
 * @property {import("../here/storage.js").PageStorage} storage  the browser’s
 * @property {(view: import("../ui/page.js").View) => void} show
 * @property {(path: string) => void} go
 * @property {(id: string) => void} meant  tells which meeting the address means
 * @property {() => void} enter  tells that a call is on
 */

export class Visit {
  /** @type {Meeting | null} */
  #meeting = null;
  #id;
  #around;
  /** @type {Prejoin | null} */
  prejoin = null;
  /** @type {WaitingRoom | null} */
  #waiting = null;
  #stopped = false;
  #notice;
  #denials = 0; // The second one is for good.
  bearer;
  #ending;
  #memory;
  #own;
  #place;

  /** @param {string} id  of the meeting @param {Surroundings} around */
  constructor(id, around) {
    this.#id = id;
    this.#around = around;
    this.bearer = new Bearer(around.identity);
    this.#memory = new DeviceMemory(around.storage);
    this.#own = new OwnMedia(this.#memory);
    this.#place = new TabPlace(id, around.tabSessions, this.bearer, this.#own);
    this.#ending = new Ending(this.bearer, around.toasts);
    this.#notice = new MeetingNotice(id, around.show, {
      home: () => around.go(HOME),
      rejoin: () => this.#rejoin(),
      "use-here": () => this.#rejoin("replace"),
      retry: () => void this.#knock(),
      create: () => void this.#create(),
      attendance: () => location.assign(withToken(attendancePage(id), around.identity.login.token)),
    });
  }

  async start() {
    const found = await this.#place.find();
    if (this.#stopped) return;
    // Who comes by a link sees under which name.
    if (!found?.straight || this.#around.identity.login.unseen) return this.#knock();
    this.#join({ name: found.name, session: this.#place.session, open: this.#own.wanted });
  }

  /** Another view is shown: leave. */
  stop() {
    this.#stopped = true;
    this.#notice.stop();
    this.#release();
    this.#forgetDraft();
  }

  get meeting() {
    return this.#meeting;
  }

  get media() {
    return this.#own.media;
  }

  /** Whether the user is in a meeting, or on the way back into one. */
  get isInCall() {
    return this.#meeting !== null && this.prejoin === null && this.#waiting === null;
  }

  /** Leaves the meeting at the user's request. */
  leave() {
    this.#leave("left");
  }

  /** Checks that the meeting exists, then shows the pre-join view. */
  async #knock() {
    this.#notice.stop();
    try {
      const meeting = await findMeeting(this.#id);
      if (this.#stopped) return;
      if (meeting.id !== this.#id) return this.#around.meant(meeting.id);
      this.#notice.clear();
      if (meeting.ended) return this.#notice.show("meeting_ended");
      if (meeting.login_required && this.#isStranger) return this.#notice.show("login_required");
      this.#own.renew();
      this.prejoin = new Prejoin(meeting, this.#around.identity, this.media, this.#own.wanted, this.#memory);
      this.prejoin.on("join", ({ name }) => this.joinAs(name));
      this.#around.show(this.prejoin);
    } catch (error) {
      if (!this.#stopped) this.#notice.show(codeOf(error), { error });
    }
  }

  /** Whether nothing says who the user is, and nothing will: a page around this one may yet. */
  get #isStranger() {
    return !this.#around.identity.login.isOn && !this.#place.session && window.parent === window;
  }

  /** Joins from the pre-join view. @param {string} [name]  default: the one that is known; without any, the user has to say one */
  joinAs(name = this.#around.identity.name) {
    if (!name) return;
    this.#around.identity.name = name;
    this.#around.identity.login.unseen = false;
    this.#join({ name, session: this.#place.session });
  }

  /** @param {Wish} wish */
  #join(wish) {
    const { name, session, open, password, onDuplicate = "reject" } = wish;
    const invite = this.#around.invites.of(this.#id);
    this.#notice.stop();
    this.#drop();
    this.#notice.clear();
    if (this.prejoin) this.prejoin.busy = true;
    if (open) this.#own.renew();
    const { media } = this;
    const bearing = this.bearer.bearing(session);
    const client = new Reconvene({ server: HERE, getToken: bearing.getToken });
    const meeting = client.open(this.#id, { name, onDuplicate, password, invite, media, session });
    if (open) media.open(open);
    this.#meeting = meeting;
    /** @param {{code: string, message: string}} why */
    const refused = (why) => {
      if (this.#meeting === meeting) this.#refused(why, wish, bearing.first);
    };
    meeting.answered.then(() => meeting.on("left", refused), refused);
    this.#listen(meeting, name);
    if (!this.prejoin) this.#showMeeting(meeting);
    // The view is shown, but its participants have not arrived yet.
    underway(true);
  }

  /** @param {Meeting} meeting @param {string} name */
  #listen(meeting, name) {
    meeting.on("waiting", (waiting) => this.#wait(waiting));
    meeting.on("waiting", () => this.#place.wait(name));
    meeting.on("state", (state) => state === "reconnecting" && this.#waiting?.away());
    meeting.on("hindered", (verdict) => this.#meeting === meeting && (this.prejoin ?? this.#waiting)?.hindered(verdict));
    meeting.on("token", (renewed) => this.#around.identity.remember(renewed.token));
    meeting.on("session", (held) => this.#place.take(held, name));
    meeting.on("state", (state) => state === "joined" && this.#joined(meeting));
    meeting.subscribe(() => this.#keepTabSession());
  }

  /** @param {Meeting} meeting */
  #showMeeting(meeting) {
    const { toasts, storage } = this.#around;
    const view = new MeetingView(meeting, this.media, this.#memory, this.bearer, toasts, storage);
    view.on("leave", () => void this.#askToLeave(meeting, howToLeave(meeting, tellingOrders(meeting, toasts))));
    view.on("end", () => void this.#askToLeave(meeting, askWhetherToEnd()));
    this.#around.show(view);
    this.#around.enter();
  }

  /** Also after an interruption. @param {Meeting} meeting */
  #joined(meeting) {
    rememberMeeting(this.#around.storage, { id: meeting.id, title: meeting.getSnapshot().title, at: Date.now() });
    if (!this.prejoin && !this.#waiting) return underway(false);
    this.prejoin = this.#waiting = null;
    this.#showMeeting(meeting);
  }

  /** Somebody in charge has to let the user in. @param {import("../../sdk/reconvene.js").Waiting} waiting */
  #wait(waiting) {
    if (!this.#waiting) {
      this.prejoin = null;
      this.#waiting = new WaitingRoom();
      this.#waiting.on("leave", () => this.#leave("left_waiting"));
      this.#waiting.on("retry", () => this.#meeting?.hurry());
      this.#around.show(this.#waiting);
    }
    this.#waiting.update(waiting);
  }

  /** Remembers microphone and camera for a reload; only in the meeting, as there is no call to return to before. */
  #keepTabSession() {
    if (!this.isInCall || !this.#meeting?.me.id) return;
    const { name } = this.#meeting.me;
    const { identity } = this.#around;
    if (!this.#place.update(name)) return;
    // Chosen in the meeting, it is the name in the next one, too.
    if (!identity.login.name && name !== identity.name) identity.name = name;
  }

  /**
   * The server has not let the user in, or no longer.
   * @param {{code: string, message: string}} refusal @param {Wish} wish @param {string} token  that the join used
   */
  #refused(refusal, wish, token) {
    const { code } = refusal;
    const next = followsFrom(code, wish, token, {
      identity: this.#around.identity,
      outside: this.bearer.outside,
      seated: Boolean(this.#meeting?.me.id),
      canCorrect: this.prejoin !== null,
      endedIt: this.#ending.isMine,
      forGood: code === "denied" && (!this.#waiting || this.#denials++ > 0),
    });
    underway(false);
    if ("leave" in next) this.#leave(next.leave, refusal);
    else if ("join" in next) this.#join(next.join);
    else if ("ask" in next) void this.#joinAs(next.otherwise, next.ask);
    else this.prejoin?.complain(refusal);
  }

  /**
   * After a refused join: joins with the wish that `findOut` returns, unless the user has left meanwhile.
   * @param {string} refusal  the notice to show if there is no wish to join
   * @param {() => Promise<Wish | null>} findOut  may take its time
   */
  async #joinAs(refusal, findOut) {
    const meeting = this.#meeting;
    const left = () => this.#stopped || this.#meeting !== meeting;
    try {
      const wish = await findOut();
      if (left()) return;
      if (wish) return this.#join(wish);
    } catch (error) {
      return left() ? undefined : this.#leave(codeOf(error), error);
    }
    if (this.prejoin) this.prejoin.busy = false;
    else this.#leave(refusal);
  }

  /** @param {Meeting} meeting @param {Promise<"stay" | "leave" | "end">} asked */
  async #askToLeave(meeting, asked) {
    const how = await asked;
    if (this.#stopped || this.#meeting !== meeting) return;
    if (how === "leave") this.leave();
    if (how === "end") await this.#ending.end(meeting);
  }

  /** Leaves the meeting and shows a notice that says why. @param {string} code @param {unknown} [error]  the cause, if any */
  #leave(code, error) {
    const meeting = this.#meeting;
    const host = meeting?.me.role === "host";
    const seated = Boolean(meeting?.me.id);
    const record = recordOf(code, meeting, this.bearer);
    if (meeting || this.prejoin) this.#own.remember();
    this.#release();
    this.#notice.show(code, { host, seated, error, record });
    if (record) this.#forgetDraft();
  }

  /** Whoever is out for good does not go on writing. */
  #forgetDraft() {
    new ChatDraft(tabStorage, this.#id).forget();
  }

  #release() {
    this.#drop();
    this.media.stop();
    this.prejoin = null;
    this.#place.leave();
  }

  #drop() {
    const meeting = this.#meeting;
    this.#meeting = this.#waiting = null;
    meeting?.leave();
  }

  /** @param {"replace"} [onDuplicate] */
  #rejoin(onDuplicate) {
    if (this.#around.identity.login.unseen) return void this.#knock();
    this.#join({ name: this.#around.identity.name, open: this.#own.wanted, onDuplicate });
  }

  /** Creates the missing meeting. */
  async #create() {
    try {
      await this.bearer.with((token) => createMeeting(token, { meeting: this.#id }));
      if (!this.#stopped) await this.#knock();
    } catch (error) {
      const code = codeOf(error);
      if (!this.#stopped) this.#notice.show(code === "forbidden" ? "not_creator" : code, { error });
    }
  }
}

/** The code of the notice for an error. @param {unknown} error */
const codeOf = (error) => (error instanceof ReconveneError ? error.code : "interrupted");
