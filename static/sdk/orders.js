/** What an application asks of the server, and is answered: each is a promise, carried out or refused. */
import { INTERRUPTED } from "./actions.js";
import { ReconveneError } from "./errors.js";

/**
 * @typedef {import("./outbox.js").NewOrder} NewOrder
 * @typedef {{resolve: () => void, reject: (error: ReconveneError) => void}} Waiter
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
  }

  /** @param {NewOrder} order @returns {Promise<void>} */
  give(order) {
    return new Promise((resolve, reject) => {
      if (!this.#canGive()) return reject(new ReconveneError("not_joined", "You are not in the meeting."));
      this.#last += 1;
      this.#waiters.set(this.#last, { resolve, reject });
      this.#call.order(/** @type {NewOrder} */ ({ ...order, [NUMBER]: this.#last }));
    });
  }

  /** The visit is over, and nobody will answer: whether they were carried out is not known. */
  interrupted() {
    for (const { reject } of this.#waiters.values()) {
      reject(new ReconveneError(INTERRUPTED.code, INTERRUPTED.message));
    }
    this.#waiters.clear();
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
