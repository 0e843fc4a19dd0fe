/** What an application asks of the server, and is answered: each is a promise, carried out or refused. */
import { ReconveneError } from "./errors.js";
import { isLasting } from "./outbox.js";

/**
 * @typedef {import("./outbox.js").NewOrder} NewOrder
 * @typedef {{resolve: () => void, reject: (error: ReconveneError) => void, lasts: boolean}} Waiter
 * @typedef {Pick<import("./call.js").Call<import("./call.js").CallMedia, import("./call.js").CallMesh>, "order" | "on">} Ordering
 */

/** An order is known again by it when its answer comes. It is not sent: JSON leaves symbols out. */
const NUMBER = Symbol("number");

export class Orders {
  #call;
  #canGive;
  #last = 0;
  /** @type {Map<number, Waiter>} */
  #waiters = new Map();

  /** @param {Ordering} call @param {() => boolean} canGive  whether somebody could carry it out now */
  constructor(call, canGive) {
    this.#call = call;
    this.#canGive = canGive;
    call.on("answered", (answered) => this.#answered(answered));
    call.on("joined", () => this.interrupted({ all: false }));
    call.on("resumed", ({ restarted }) => restarted && this.interrupted({ all: false }));
  }

  /** @param {NewOrder} order @returns {Promise<void>} */
  give(order) {
    return new Promise((resolve, reject) => {
      if (!this.#canGive()) return reject(new ReconveneError("not_joined", "You are not in the meeting."));
      this.#last += 1;
      this.#waiters.set(this.#last, { resolve, reject, lasts: isLasting(order) });
      this.#call.order(/** @type {NewOrder} */ ({ ...order, [NUMBER]: this.#last }));
    });
  }

  /** Nobody will answer: whether it was carried out is not known. @param {{all: boolean}} which  without `all`, only what does not last */
  interrupted({ all }) {
    for (const [number, { reject, lasts }] of this.#waiters) {
      if (lasts && !all) continue;
      this.#waiters.delete(number);
      reject(new ReconveneError("interrupted", "The connection was lost: it is not known whether this was carried out."));
    }
  }

  /** @param {import("./actions.js").Answered} answered */
  #answered({ order, error }) {
    const number = /** @type {{[NUMBER]?: number}} */ (order)[NUMBER] ?? 0;
    const waiter = this.#waiters.get(number);
    this.#waiters.delete(number);
    if (error) waiter?.reject(new ReconveneError(error.code, error.message));
    else waiter?.resolve();
  }
}
