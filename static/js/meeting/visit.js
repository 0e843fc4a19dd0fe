/** One visit to /m/{id}: from the link, through the pre-join view or straight back, into the meeting and out of it. */
import { HERE, HOME, attendancePage } from "../here/addresses.js";
import { withToken } from "../here/fragment.js";
import { LocalMedia, Reconvene, ReconveneError } from "../../sdk/reconvene.js";
import { createMeeting, endMeeting, getMeeting } from "../here/http-api.js";
import { Bearer } from "./bearer.js";
import { DeviceMemory } from "./device-memory.js";
import { rememberMeeting } from "../ui/recents.js";
import { underway } from "../ui/underway.js";
import { LOGIN_NOTICES } from "../ui/notices.js";
import { MeetingNotice } from "./meeting-notice.js";
import { recordOf } from "./own-record.js";
import { Prejoin } from "./prejoin.js";
import { howToLeave } from "./leaving.js";
import { tellingOrders } from "./order-news.js";
import { askWhetherToEnd, couldNotEnd } from "./questions.js";
import { fromThisTab, withPassword } from "./second-wishes.js";
import { MeetingView } from "./view.js";
import { WaitingRoom } from "./waiting-room.js";

/**
 * @typedef {import("../../sdk/reconvene.js").Meeting} Meeting
 *
 * @typedef {object} Surroundings
 * @property {import("../here/identity.js").Identity} identity
 * @property {import("../here/invites.js").Invites} invites
 * @property {import("../here/tab-session.js").TabSessionKeeper} tabSessions
 * @property {import("../ui/toasts.js").Toasts} toasts
 * @property {import("../here/storage.js").PageStorage} storage  the browser’s
 * @property {(view: import("../ui/page.js").View) => void} show
 * @property {(path: string) => void} go
 * @property {() => void} enter  tells that a call is on
 *
 * @typedef {object} Wish  How to join.
 * @property {string} name
 * @property {{audio: boolean, video: boolean}} [open]  devices to open on the way; default: those already open
 * @property {string | undefined} [session]
 * @property {"replace" | "reject" | undefined} [onDuplicate]
 * @property {string} [password]
 */

export class Visit {
  /** @type {Meeting | null} */
  #meeting = null;
  #id;
  #around;
  media = new LocalMedia();
  /** @type {Prejoin | null} */
  prejoin = null;
  /** @type {WaitingRoom | null} */
  #waiting = null;
  #stopped = false;
  #notice;
  #endedByMe = false;
  #denials = 0; // The second one is for good.
  /** This tab's session when the page was loaded. @type {import("../here/tab-session.js").TabSession | null} */
  #tabSession = null;
  #bearer;
  #memory;
  /** The devices the user last wanted on; the next join begins with them. */
  #wanted = { audio: true, video: true };

  /** @param {string} id  of the meeting @param {Surroundings} around */
  constructor(id, around) {
    this.#id = id;
    this.#around = around;
    this.#bearer = new Bearer(around.identity);
    this.#memory = new DeviceMemory(around.storage);
    this.#memory.apply(this.media);
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
    const found = await this.#around.tabSessions.find(this.#id);
    if (this.#stopped) return;
    if (!found) return this.#knock();
    const { name, session, audio, video } = found.tabSession;
    this.#tabSession = found.tabSession;
    this.#wanted = { audio, video };
    this.#bearer.outside = found.tabSession.outside === true;
    // Who comes by a link sees under which name.
    if (!found.straight || this.#around.identity.login.unseen) return this.#knock();
    void this.#join({ name, session, open: this.#wanted });
  }

  /** Another view is shown: leave. */
  stop() {
    this.#stopped = true;
    this.#notice.stop();
    this.#release();
  }

  get meeting() {
    return this.#meeting;
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
      const meeting = await getMeeting(this.#id);
      if (this.#stopped) return;
      this.#notice.clear();
      if (meeting.ended) return this.#notice.show("meeting_ended");
      this.#renewMedia();
      this.prejoin = new Prejoin(meeting, this.#around.identity, this.media, this.#wanted, this.#memory);
      this.prejoin.on("join", ({ name }) => this.joinAs(name));
      this.#around.show(this.prejoin);
    } catch (error) {
      if (!this.#stopped) this.#notice.show(codeOf(error), { error });
    }
  }

  /** Joins from the pre-join view. @param {string} [name]  default: the one that is known; without any, the user has to say one */
  joinAs(name = this.#around.identity.name) {
    if (!name) return;
    this.#around.identity.name = name;
    this.#around.identity.login.unseen = false;
    void this.#join({ name, session: this.#tabSession?.session });
  }

  /** @param {Wish} wish */
  #join(wish) {
    const { name, session, open, password, onDuplicate = "reject" } = wish;
    const { identity, invites } = this.#around;
    this.#notice.stop();
    this.#drop();
    this.#notice.clear();
    if (this.prejoin) this.prejoin.busy = true;
    if (open) this.#renewMedia();
    const bearing = this.#bearer.bearing(session);
    const client = new Reconvene({ server: HERE, getToken: bearing.getToken });
    const meeting = client.open(this.#id, { name, onDuplicate, password, invite: invites.of(this.#id), media: this.media, session });
    if (open) this.media.open(open);
    this.#meeting = meeting;
    const refused = (/** @type {{code: string, message: string}} */ why) => this.#meeting === meeting && void this.#refused(why, wish, bearing.first);
    meeting.answered.then(() => meeting.on("left", refused), refused);
    meeting.on("waiting", (waiting) => this.#wait(waiting));
    meeting.on("state", (state) => state === "reconnecting" && this.#waiting?.away());
    meeting.on("hindered", (verdict) => this.prejoin?.hindered(verdict));
    meeting.on("token", (renewed) => identity.remember(renewed.token));
    meeting.on("session", (held) => this.#hold(held, name));
    meeting.on("state", (state) => state === "joined" && this.#joined(meeting));
    meeting.subscribe(() => this.#keepTabSession());
    if (!this.prejoin) this.#showMeeting(meeting);
    // The view is shown, but its participants have not arrived yet.
    underway(true);
  }

  /** @param {Meeting} meeting */
  #showMeeting(meeting) {
    const { toasts, storage } = this.#around;
    const view = new MeetingView(meeting, this.media, this.#memory, this.#bearer, toasts, storage);
    view.on("leave", () => void this.#askToLeave(meeting, howToLeave(meeting, tellingOrders(meeting, toasts))));
    view.on("end", () => void this.#askToLeave(meeting, askWhetherToEnd()));
    this.#around.show(view);
    this.#around.enter();
  }

  /** For a reload. @param {{session: string, grace: number}} held @param {string} name */
  #hold({ session, grace }, name) {
    this.#around.tabSessions.take({ meeting: this.#id, session, name, ...this.media.wanted, grace, outside: this.#bearer.outside });
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
      this.#around.show(this.#waiting);
    }
    this.#waiting.update(waiting);
  }

  /** Remembers microphone and camera for a reload; only in the meeting, as there is no call to return to before. */
  #keepTabSession() {
    if (!this.isInCall || !this.#meeting?.me.id) return;
    const { name } = this.#meeting.me;
    this.#around.tabSessions.update({ ...this.media.wanted, name });
    // Chosen in the meeting, it is the name in the next one, too.
    if (!this.#around.identity.login.name && name !== this.#around.identity.name) this.#around.identity.name = name;
  }

  /**
   * The server has not let the user in, or no longer.
   * @param {{code: string, message: string}} refusal @param {Wish} wish @param {string} token  that the join used
   */
  async #refused(refusal, wish, token) {
    const { code } = refusal;
    underway(false);
    if (this.#endedByMe) return this.#leave("ended_by_me");
    if (code === "duplicate") return this.#joinAs(code, () => fromThisTab(wish.name, this.#around.identity, this.#bearer.outside));
    // An invalid name can be corrected in this view.
    if (code === "bad_message" && this.prejoin) return this.prejoin.complain(refusal);
    if (this.#bearer.outside && code in LOGIN_NOTICES) return this.#leave(LOGIN_NOTICES[code], refusal);
    const wrong = code === "wrong_password";
    if (wrong || code === "password_required") return this.#joinAs("password_required", () => withPassword(wish, wrong));
    if (code === "bad_token" || (code === "revoked" && !this.#meeting?.me.id)) return this.#unknown(wish, token);
    this.#leave(code === "denied" && (!this.#waiting || this.#denials++) ? "denied_for_good" : code, refusal);
  }

  /** The server refused the tab session or the identity. Neither is discarded. @param {Wish} wish @param {string} token */
  async #unknown({ name, session }, token) {
    // The identity may still be valid, and leads to the same participant.
    if (session || this.#meeting?.me.id) return this.#join({ name, onDuplicate: "replace" });
    await this.#joinAs("bad_token", async () => ((await this.#around.identity.goOn(token)) ? { name } : null));
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
    if (how === "end") await this.#end();
  }

  async #end() {
    this.#endedByMe = true;
    try {
      if (this.#bearer.isLost) await this.#meeting?.moderate.end();
      else await this.#bearer.with((token) => endMeeting(token, this.#id));
    } catch (error) {
      this.#endedByMe = false;
      this.#around.toasts.show(couldNotEnd(error));
    }
  }

  /** Leaves the meeting and shows a notice that says why. @param {string} code @param {unknown} [error]  the cause, if any */
  #leave(code, error) {
    const about = { host: this.#meeting?.me.role === "host", seated: Boolean(this.#meeting?.me.id), error, ...recordOf(code, this.#meeting, this.#bearer) };
    if (this.#meeting || this.prejoin) this.#wanted = this.media.wanted;
    this.#release();
    this.#notice.show(code, about);
  }

  #release() {
    this.#drop();
    this.media.stop();
    this.prejoin = null;
    this.#around.tabSessions.leave();
    this.#tabSession = null;
  }

  #renewMedia() {
    this.media.stop();
    this.media = new LocalMedia();
    this.#memory.apply(this.media);
  }

  #drop() {
    const meeting = this.#meeting;
    this.#meeting = this.#waiting = null;
    meeting?.leave();
  }

  /** @param {"replace"} [onDuplicate] */
  #rejoin(onDuplicate) {
    if (this.#around.identity.login.unseen) return void this.#knock();
    void this.#join({ name: this.#around.identity.name, open: this.#wanted, onDuplicate });
  }

  /** Creates the missing meeting. */
  async #create() {
    try {
      await this.#bearer.with((token) => createMeeting(token, { meeting: this.#id }));
      if (!this.#stopped) await this.#knock();
    } catch (error) {
      const code = codeOf(error);
      if (!this.#stopped) this.#notice.show(code === "forbidden" ? "not_creator" : code, { error });
    }
  }
}

/** The code of the notice for an error. @param {unknown} error */
const codeOf = (error) => (error instanceof ReconveneError ? error.code : "interrupted");
