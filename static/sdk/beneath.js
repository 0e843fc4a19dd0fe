/** What a meeting is made of: the call, and its own media, or those of an application. */
import { Call } from "./call.js";
import { LocalMedia } from "./devices.js";
import { Mesh } from "./mesh.js";
import { Relay, ReportedMedia } from "./without-media.js";

/**
 * @typedef {object} Beneath
 * @property {Call<import("./call.js").CallMedia, import("./call.js").CallMesh>} call
 * @property {LocalMedia | null} local
 * @property {Mesh | null} mesh
 * @property {Relay | null} relay
 *
 * @typedef {import("./reconvene.js").Ground} Ground
 * @typedef {import("./call.js").CallPlace} CallPlace
 */

/** @param {Ground} ground @param {CallPlace} place @param {{local: LocalMedia, others?: number | undefined}} media @param {{changed: () => void, news: (news: import("./devices.js").News) => void}} tell @param {AbortSignal} signal @returns {Beneath} */
export function withMedia({ server, getToken }, place, { local, others }, tell, signal) {
  const call = new Call(server, place, local, (send) => new Mesh(local, send, others), getToken);
  const { mesh } = call;
  mesh.on("peer", tell.changed);
  local.on("change", tell.changed, { signal });
  local.on("news", tell.news, { signal });
  return { call, local, mesh, relay: null };
}

/** @param {Ground} ground @param {CallPlace} place @param {{signal: (from: string, data: unknown) => void, iceServers: (servers: readonly RTCIceServer[]) => void}} tell @returns {Beneath} */
export function withoutMedia({ server, getToken }, place, tell) {
  const relay = new Relay(tell.signal, tell.iceServers);
  return { call: new Call(server, place, new ReportedMedia(), () => relay, getToken), local: null, mesh: null, relay };
}
