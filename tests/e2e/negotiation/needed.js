/** Whether negotiation is needed (WebRTC, 4.7.3). */
import { common, reversed, sends } from "./direction.js";

/**
 * @param {{local: object | null, remote: object | null}} current  descriptions
 * @param {import("./transceiver.js").Transceiver[]} transceivers @param {boolean} restart  of ICE is wanted
 */
export function isNeeded({ local, remote }, transceivers, restart) {
  const offered = (mid) => remote?.sections.find((section) => section.mid === mid);
  return (
    restart ||
    transceivers.some((transceiver) => {
      const { mid, direction, stopping, stopped, sender } = transceiver;
      if (stopped) return false;
      if (stopping || mid === null) return true;
      const section = local?.sections.find((section) => section.mid === mid);
      if (!section) return true;
      if (sends(direction) && section.streams.join() !== sender.streams.join()) return true;
      if (local.type === "offer") return section.direction !== direction && reversed(offered(mid)?.direction) !== direction;
      return section.direction !== common(direction, reversed(offered(mid)?.direction));
    })
  );
}
