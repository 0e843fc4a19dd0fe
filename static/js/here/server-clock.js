/** The server's time, whatever this machine's clock says. */
import { HERE } from "./addresses.js";

/** Milliseconds. */
const PATIENCE = 5_000;

/** @returns {Promise<() => number>} milliseconds since the epoch; this machine's where the server does not say */
export async function serverClock() {
  const before = performance.now();
  const said = await fetch(`${HERE}/healthz`, { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(PATIENCE) }).then(({ headers }) => headers.get("Date"), () => null);
  const at = Date.parse(said ?? "");
  if (Number.isNaN(at)) return () => Date.now();
  // It says whole seconds, and was said on the way.
  const then = at + 500 - (before + performance.now()) / 2;
  return () => then + performance.now();
}
