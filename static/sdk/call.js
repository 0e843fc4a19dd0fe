/** One call in a meeting: the socket, the roster, this page's media, and the mesh of connections. */
import { KINDS } from "./capture.js";
import { Emitter } from "./events.js";
import { knocked, knocksOf } from "./knocks.js";
import { onNetworkChange } from "./network.js";
import { MODERATION } from "./protocol.js";
import { randomName } from "./random.js";
import { NOTHING, inCharge, may, plays } from "./rights.js";
import { applied, changedMedia, happenings, recordings, rosterOf, shown } from "./roster.js";
import { MeetingSocket } from "./socket.js";

/**
 * @typedef {import("./protocol.js").Participant} Participant
 * @typedef {import("./protocol.js").Meeting} Meeting
 *
 * What a call needs of this page's media, and of what carries media to the others: devices.js and mesh.js, or
 * without-media.js.
 * @typedef {import("./devices.js").LocalMedia} LocalMedia
 * @typedef {Pick<LocalMedia, "state" | "wanted" | "toggle" | "turnOff"> & Emitter<{change: null}>
 *   & {sharing: {readonly state: "off" | "asking" | "on", toggle(): void}}} CallMedia
 * @typedef {Pick<import("./mesh.js").Mesh, "sync" | "renew" | "reroute" | "meet" | "part" | "receive" | "play" | "stop">} CallMesh
 * @typedef {(to: string, data: import("./protocol.js").SignalData) => void} Tell  Sends a signal.
 * @typedef {Omit<import("./membership.js").Place, "media" | "page">} CallPlace
 *
 * @typedef {object} CallEvents
 * @property {import("./protocol.js").Joined} joined  The first join, and each after the place was given up.
 * @property {{session?: string, restarted: boolean}} resumed  The connection is back, and everything goes on. `restarted`: the
 *   server does not know any more which orders it has carried out.
 * @property {{session: string}} authenticated  A newer token counts; the session replaces the previous one.
 * @property {import("./protocol.js").Waiting} waiting  Somebody in charge has to let this page in.
 * @property {import("./actions.js").Muted} muted  This was turned off.
 * @property {import("./protocol.js").Right} forbidden  The person wanted what they may not.
 * @property {import("./actions.js").Answered} answered  An order was carried out, or refused.
 * @property {import("./protocol.js").Reaction} reaction
 * @property {import("./protocol.js").TokenExpiring} token_expiring
 * @property {{code: string, message: string}} error  A command was refused.
 * @property {{event: import("./protocol.js").RoomEvent, before: Before}} event  What has just happened.
 * @property {Before} caughtUp  The server has said how everything is now, in place of what has happened meanwhile.
 * @property {{code: string, message: string}} refused
 * @property {{code: number}} closed
 * @property {null} away
 * @property {import("./reachability.js").Verdict} hindered  What prevents the connection, when that changes.
 * @property {null} change  Participants, the meeting or this page's media changed.
 * @property {import("./roster.js").Happening} happening
 *
 * @typedef {{roster: import("./roster.js").Roster, meeting: Meeting, knocks: import("./knocks.js").Knocks}} Before
 */

/**
 * @template {CallMedia} [Media=LocalMedia]
 * @template {CallMesh} [Carrier=import("./mesh.js").Mesh]
 * @extends {Emitter<CallEvents & Record<string, unknown>>}
 */
export class Call extends Emitter {
  /** The roster to show. @type {import("./roster.js").Roster} */
  roster = new Map();
  /** @type {Meeting} */
  meeting;
  /** The id of this page's participant, once joined. */
  myId = "";
  /** What this page's microphone, camera and screen capture, as others are told. */
  state;
  media;
  mesh;
  /** Who waits to be let in, for those in charge. */
  knocks = knocksOf();
  /** When the meeting began, by performance.now(), which nobody sets; null: a server before 0.8. @type {number | null} */
  began = null;
  /** Whether somebody can be in charge of the meeting, as far as the server knows. */
  moderated = false;

  /** The roster from the server. @type {import("./roster.js").Roster} */
  #told = new Map();
  /** The roster when it was last announced who records. @type {import("./roster.js").Roster} */
  #announced = new Map();
  #hasChanged = false;
  #obeying = false;
  #socket;
  #watch = new AbortController();

  /**
   * @param {string} server  its address
   * @param {CallPlace} place
   * @param {Media} media
   * @param {(tell: Tell) => Carrier} carrier  makes what carries media to the others
   * @param {import("./socket.js").GetToken | null} [getToken]  asks the application for a newer token
   */
  constructor(server, place, media, carrier, getToken = null) {
    super();
    this.media = media;
    this.state = media.state;
    this.meeting = { id: place.meeting, title: "", host: false, created: false };
    // A page can rejoin with another call, whose attempts start at one again: to the server each call is another page.
    this.#socket = new MeetingSocket(server, { ...place, page: randomName(), media: this.state }, getToken);
    this.mesh = carrier((to, data) => this.#socket.signal(to, data));
  }

  start() {
    const { signal } = this.#watch;
    this.media.on("change", () => this.#mediaChanged(), { signal });
    // Meanwhile something may have been turned on.
    this.#mediaChanged();
    this.#socket.on("joined", (joined) => this.#joined(joined), { signal });
    this.#socket.on("resumed", (back) => this.#resumed(back), { signal });
    this.#socket.on("ice_servers", ({ ice_servers }) => this.mesh.renew(ice_servers), { signal });
    this.#socket.on("authenticated", ({ session }) => this.emit("authenticated", { session }), { signal });
    this.#socket.on("token_expiring", (expiring) => this.emit("token_expiring", expiring), { signal });
    this.#socket.on("error", (error) => this.emit("error", error), { signal });
    this.#socket.on("event", (event) => this.#roomEvent(event), { signal });
    this.#socket.on("waiting", (waiting) => this.emit("waiting", waiting), { signal });
    this.#socket.on("muted", (muted) => this.#muted(muted), { signal });
    this.#socket.on("answered", (answered) => this.emit("answered", answered), { signal });
    this.#socket.on("reaction", (reaction) => this.emit("reaction", reaction), { signal });
    this.#socket.on("refused", (refusal) => this.emit("refused", refusal), { signal });
    this.#socket.on("closed", (closed) => this.emit("closed", closed), { signal });
    this.#socket.on("away", () => this.emit("away", null), { signal });
    this.#socket.on("hindered", (verdict) => this.emit("hindered", verdict), { signal });
    onNetworkChange(() => this.mesh.reroute(), signal);
    this.#socket.start();
  }

  /** Try now instead of waiting. */
  hurry() {
    this.#socket.hurry();
  }

  /** Leaves, and releases everything but the media. */
  leave() {
    this.#watch.abort();
    this.#socket.leave();
    this.mesh.stop();
  }

  /** Says anything to one participant. @param {string} to @param {unknown} data */
  signal(to, data) {
    this.#socket.signal(to, /** @type {import("./protocol.js").SignalData} */ (data));
  }

  /** Shows a newer token of the application. @param {string} token */
  renew(token) {
    this.#socket.renew(token);
  }

  get me() {
    return this.roster.get(this.myId);
  }

  /** @returns {Participant[]} me first, then in the order they joined */
  get participants() {
    const rank = (/** @type {Participant} */ { id }) => (id === this.myId ? 0 : 1);
    return [...this.roster.values()].sort(
      (a, b) => rank(a) - rank(b) || Date.parse(a.joined_at) - Date.parse(b.joined_at) || (a.id < b.id ? -1 : 1),
    );
  }

  /** Whether the person may. @param {import("./protocol.js").Right} right */
  may(right) {
    return !this.me || may(this.me, this.meeting, right);
  }

  get inCharge() {
    return this.moderated && inCharge(this.me);
  }

  /** What of a participant is meant to be heard and seen. @param {string} id */
  plays(id) {
    const participant = this.roster.get(id);
    return participant ? plays(participant, this.meeting) : NOTHING;
  }

  /** What is known of the chat. */
  get chat() {
    return this.#socket.chat;
  }

  /** Gives an order of those in charge, writes in the chat, or reacts, as docs/protocol.md has it. @param {import("./outbox.js").NewOrder} order */
  order(order) {
    this.#socket.order(order);
  }

  toggleAudio() {
    if (!this.#forbids("audio", this.media.wanted.audio)) this.media.toggle("audio");
  }

  toggleVideo() {
    if (!this.#forbids("video", this.media.wanted.video)) this.media.toggle("video");
  }

  toggleScreen() {
    if (!this.#forbids("screen", this.media.sharing.state !== "off")) this.media.sharing.toggle();
  }

  toggleHand() {
    if (!this.#forbids("hand", Boolean(this.me?.hand))) this.#socket.status({ hand: !this.me?.hand });
  }

  /** @param {import("./protocol.js").Right} right @param {boolean} on  turning it off is always allowed */
  #forbids(right, on) {
    const forbidden = !on && !this.may(right);
    if (forbidden) this.emit("forbidden", right);
    return forbidden;
  }

  /** The server has it off already: nothing is reported. @param {import("./actions.js").Muted} muted */
  #muted(muted) {
    this.#obeying = true;
    this.media.turnOff(muted.media);
    this.#obeying = false;
    this.state = this.media.state;
    this.emit("muted", muted);
    this.emit("change", null);
  }

  /** Devices that the browser is still asking for are not captured yet, so the server knows nothing of them. */
  #keepWithinRights() {
    for (const kind of KINDS) {
      if (this.media.wanted[kind] && !this.state[kind] && !this.may(kind)) this.media.turnOff({ [kind]: false });
    }
  }

  #mediaChanged() {
    if (this.#obeying) return;
    const before = this.state;
    this.state = this.media.state;
    const media = changedMedia(before, this.state);
    if (media) this.#socket.status({ media });
    this.emit("change", null);
  }

  /** @param {import("./protocol.js").Joined} joined */
  #joined(joined) {
    const before = this.myId ? this.#known : null;
    this.myId = joined.you.id;
    this.moderated = joined.features?.includes(MODERATION) ?? false;
    this.#lasted(joined.lasted);
    this.#replace(joined, joined.ice_servers);
    this.emit("joined", joined);
    if (before) this.emit("caughtUp", before);
    this.#changed();
  }

  /** @param {import("./actions.js").Back} back */
  #resumed({ snapshot, session, restarted, ice_servers, lasted }) {
    const before = this.#known;
    this.#lasted(lasted);
    if (snapshot) this.#replace(snapshot, ice_servers);
    else this.mesh.renew(ice_servers);
    this.emit("resumed", { restarted, ...(session && { session }) });
    if (snapshot) this.emit("caughtUp", before);
    this.#changed();
  }

  /** @returns {Before} */
  get #known() {
    return { roster: this.roster, meeting: this.meeting, knocks: this.knocks };
  }

  /** @param {number} [seconds] */
  #lasted(seconds) {
    this.began = seconds === undefined ? null : performance.now() - seconds * 1000;
  }

  /** @param {import("./protocol.js").Snapshot} whole @param {RTCIceServer[]} iceServers */
  #replace({ meeting, participants, knocks }, iceServers) {
    this.meeting = meeting;
    this.knocks = knocksOf(knocks);
    this.#told = rosterOf(participants);
    this.roster = shown(this.roster, this.#told);
    const me = this.#told.get(this.myId);
    if (me) this.mesh.sync(me, participants, iceServers);
  }

  /** @param {import("./protocol.js").RoomEvent} event */
  #roomEvent(event) {
    const before = this.#known;
    if (event.type === "chat_message" || event.type === "chat_changed" || event.type === "chat_erased") return this.emit("event", { event, before });
    this.#told = applied(this.#told, event);
    this.roster = shown(before.roster, this.#told);
    this.knocks = knocked(this.knocks, event, this.me);
    switch (event.type) {
      case "participant_joined":
      case "participant_rejoined":
        this.mesh.meet(event.participant);
        break;
      case "participant_left":
        this.mesh.part(event.participant.id);
        break;
      case "signal":
        this.mesh.receive(event.from, event.data);
        return;
      case "meeting_updated":
        this.meeting = { ...this.meeting, ...event.meeting };
        break;
    }
    this.#tell(happenings(before.roster, event));
    this.emit("event", { event, before });
    this.#changed();
  }

  #changed() {
    this.mesh.play((id) => this.plays(id));
    this.#keepWithinRights();
    this.#tell(recordings(this.#announced, this.roster));
    this.#announced = this.roster;
    if (this.#hasChanged) return;
    this.#hasChanged = true;
    // Once for all events of one frame.
    queueMicrotask(() => {
      this.#hasChanged = false;
      this.emit("change", null);
    });
  }

  /** @param {import("./roster.js").Happening[]} happenings */
  #tell(happenings) {
    for (const happening of happenings) if (happening.who.id !== this.myId) this.emit("happening", happening);
  }
}
