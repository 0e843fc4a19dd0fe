/** The ICE candidates that the other side of one connection sends. */

/** Most that wait for a description, and most for one description. A machine with many networks has some sixty. */
const MOST = 200;

export class RemoteCandidates {
  #pc;
  /** @type {RTCIceCandidateInit[]} */
  #waiting = [];
  #ufrag = "";
  #added = 0;

  /** @param {RTCPeerConnection} pc */
  constructor(pc) {
    this.#pc = pc;
  }

  /** @param {RTCIceCandidateInit} candidate */
  async take(candidate) {
    // If a description was lost or ignored, its candidates come alone. They wait: it may be sent again.
    if (this.#fits(candidate)) await this.#add(candidate);
    else if (this.#waiting.length < MOST) this.#waiting.push(candidate);
  }

  /** There is a new description. */
  async described() {
    // Candidates that still do not fit belong to a description that will not come any more.
    for (const candidate of this.#waiting.splice(0)) if (this.#fits(candidate)) await this.#add(candidate);
  }

  /** @param {RTCIceCandidateInit} candidate */
  #fits({ usernameFragment }) {
    const { remoteDescription } = this.#pc;
    return remoteDescription !== null && (!usernameFragment || remoteDescription.sdp.includes(`a=ice-ufrag:${usernameFragment}\r\n`));
  }

  /** @param {RTCIceCandidateInit} candidate */
  async #add(candidate) {
    const ufrag = this.#pc.remoteDescription?.sdp.match(/^a=ice-ufrag:(.*)$/m)?.[1] ?? "";
    if (ufrag !== this.#ufrag) this.#added = 0;
    this.#ufrag = ufrag;
    this.#added += 1;
    if (this.#added > MOST) return;
    try {
      await this.#pc.addIceCandidate(candidate);
    } catch (error) {
      // It is one of many, and came from the other side: no fault of this page.
      console.debug("candidate of no use:", error);
    }
  }
}
