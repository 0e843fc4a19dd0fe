/** What goes wrong, for programs: `code`; and for people: `message`. */

export class ReconveneError extends Error {
  /**
   * @param {string} code  as in the protocol's errors, or one of `unreachable`, `left`, `interrupted`, `no_token`
   * @param {string} message
   * @param {number} [retryAfter]  milliseconds to wait before the next try
   */
  constructor(code, message, retryAfter = 0) {
    super(message);
    this.name = "ReconveneError";
    this.code = code;
    this.retryAfter = retryAfter;
  }
}
