/** Where the other side of one connection can be reached, as it tells. */

/** That wait for their description, and that one description gets. A machine with many networks has some sixty. */
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
    // Where a description was lost or ignored its candidates come alone; told again it may find them waiting.
    if (this.#fits(candidate)) await this.#add(candidate);
    else if (this.#waiting.length < MOST) this.#waiting.push(candidate);
  }

  /** There is another description. */
  async described() {
    // Those that still fit nothing belong to a description that is not coming any more.
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
      // One of many ways. It is the other side's word, and no fault of this page.
      console.debug("candidate of no use:", error);
    }
  }
}
