/** Whether a connection still lives, told by what is heard. signalling/client/heartbeat.py is its twin. */

export class Heartbeat {
  /** Milliseconds of silence before a ping; the server sets it. */
  interval = 15_000;
  /** When to look next: then either a ping is to be sent, or its answer is overdue. */
  dueAt = Infinity;
  #pongBy = Infinity;

  /** Any frame proves the connection alive, not just the pong. @param {number} now */
  heard(now) {
    this.#pongBy = Infinity;
    this.dueAt = now + this.interval;
  }

  /** A ping is sent. @param {number} now @param {number} patience  milliseconds; an earlier ping's still counts */
  pinged(now, patience) {
    this.#pongBy = this.dueAt = Math.min(this.#pongBy, now + patience);
  }

  /** @param {number} now */
  isMissed(now) {
    return now >= this.#pongBy;
  }
}
