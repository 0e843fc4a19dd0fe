/**
 * Why a meeting's sockets do not open. Browsers do not tell pages, so after attempts that never opened, plain HTTP
 * requests find out:
 *
 *     away     the server does not answer plain requests either
 *     blocked  it does, but sockets do not get through: the server refuses them, or something on the way blocks them
 *     limited  sockets open, and are told to come back later: too many come from one network
 */
import { isOwn } from "./server-address.js";

/** @typedef {"" | "away" | "blocked" | "limited"} Verdict */

/** Attempts that did not open before a request is made. The first may have met a restarting server. */
const ATTEMPTS = 2;
/** Milliseconds. */
const PATIENCE = 5_000;
/** Statuses that a proxy answers with when it cannot reach the server. */
const GATEWAY = new Set([502, 503, 504]);

export class Reachability {
  #health;
  #socket;
  #ask;
  #tell;
  #unopened = 0;
  /** Rises when answers that are still on their way become void. */
  #round = 0;
  #asking = false;
  /** A plain request was answered; the next failed attempt is judged. */
  #suspicious = false;
  /** @type {Verdict} */
  #verdict = "";
  #hinted = "";

  /** @param {string} server @param {(verdict: Verdict) => void} tell  called when it changes */
  constructor(server, tell) {
    this.#health = `${server}/healthz`;
    this.#socket = `${server}/ws`;
    this.#ask = isOwn(server) ? ask : askAcross;
    this.#tell = tell;
  }

  /** A socket has opened. Where there were too many, that is nothing new: its answer is. */
  opened() {
    this.#round += 1;
    this.#unopened = 0;
    this.#suspicious = false;
    if (this.#verdict !== "limited") this.#judge("");
  }

  /** A socket was answered, or none is wanted any more. */
  clear() {
    this.opened();
    this.#judge("");
  }

  /** A socket has opened, and the server said that there are too many. */
  limited() {
    this.#judge("limited");
    this.opened();
  }

  /** A socket has ended that never opened. */
  async failed() {
    this.#unopened += 1;
    if (this.#unopened < ATTEMPTS || this.#asking) return;
    const round = this.#round;
    this.#asking = true;
    const answer = await (this.#suspicious ? this.#ask(this.#socket, "POST") : this.#ask(this.#health, "GET"));
    this.#asking = false;
    if (round !== this.#round) return;
    if (!answer || GATEWAY.has(answer.status)) {
      // Something may block only this one path.
      const healthy = this.#suspicious && (await this.#ask(this.#health, "GET"))?.ok;
      if (round !== this.#round) return;
      this.#suspicious = false;
      if (!healthy) return this.#judge("away");
    } else if (!this.#suspicious) {
      // The server may just have come back: then the next socket opens.
      this.#suspicious = true;
      return;
    }
    this.#hint(answer);
    this.#judge("blocked");
  }

  /** @param {Verdict} verdict */
  #judge(verdict) {
    if (verdict === this.#verdict) return;
    this.#verdict = verdict;
    this.#tell(verdict);
  }

  /** Advice in the console for whoever runs the server. @param {Response | null} answer */
  #hint(answer) {
    const hint = `Reconvene: sockets to ${new URL(this.#socket).pathname} do not open. ${hintOf(answer)} See docs/operations.md, “When sockets are blocked”.`;
    if (hint === this.#hinted) return;
    this.#hinted = hint;
    console.warn(hint);
  }
}

/** @param {Response | null} answer  to a plain request where sockets are served */
function hintOf(answer) {
  if (answer?.type === "opaque") return `The server lets no pages of ${location.origin} in: set RECONVENE_ALLOWED_ORIGINS=${location.origin}.`;
  switch (answer?.status) {
    case 403:
      return (
        `The server refuses pages of ${location.origin} (403), since they are of another host than its own: have the proxy in front pass the Host header as it is ` +
        `(nginx: proxy_set_header Host $http_host), or set RECONVENE_ALLOWED_ORIGINS=${location.origin}.`
      );
    case 426:
      return (
        "Plain requests get there: have the proxy in front pass upgrades, HTTP/1.1 with the headers Upgrade and Connection " +
        "(nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade). If it does, something on this computer or network blocks WebSockets."
      );
    default:
      return `Plain requests there are answered with ${answer?.status || "nothing, or a redirect"}, and not by Reconvene: have the proxy in front pass them on to the server, with upgrades and without a login.`;
  }
}

/**
 * A server of another origin that lets this page's in: its answers can be read. Else whether there is one is all that can be
 * known, an opaque answer.
 * @param {string} url @param {"GET" | "POST"} method @returns {Promise<Response | null>} null: no answer
 */
const askAcross = async (url, method) => (await ask(url, method)) ?? ask(url, "GET", { mode: "no-cors", redirect: "follow" });

/** @param {string} url @param {"GET" | "POST"} method @param {RequestInit} [how] @returns {Promise<Response | null>} null: no answer */
async function ask(url, method, how) {
  try {
    return await fetch(url, { method, cache: "no-store", redirect: "manual", signal: AbortSignal.timeout(PATIENCE), ...how });
  } catch {
    return null;
  }
}
