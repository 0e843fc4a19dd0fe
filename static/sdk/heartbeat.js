/** Whether a connection is alive, judged by the frames received. signalling/client/heartbeat.py is its twin. */

export class Heartbeat {
  /** Milliseconds of silence before a ping; the server sets it. */
  interval = 15_000;
  /** When to check next: then a ping is due, or its answer is overdue. */
  dueAt = Infinity;
  #pongBy = Infinity;

  /** Any frame, not only a pong, proves that the connection is alive. @param {number} now */
  heard(now) {
    this.#pongBy = Infinity;
    this.dueAt = now + this.interval;
  }

  /** A ping was sent. @param {number} now @param {number} patience  milliseconds; earlier deadlines still count */
  pinged(now, patience) {
    this.#pongBy = this.dueAt = Math.min(this.#pongBy, now + patience);
  }

  /** @param {number} now */
  isMissed(now) {
    return now >= this.#pongBy;
  }
}
