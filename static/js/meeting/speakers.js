/**
 * Who speaks, for tiles that come forward: after a second of speech, and then for five seconds at least, so that nothing
 * flickers. A pure function of loudness over time.
 */
/**
 * @typedef {{readonly since: number, readonly loudAt: number, readonly loudness: number, readonly at: number}} Voice  `since`: when this
 *   speech began; `loudness`: of the last second or so; times in milliseconds
 * @typedef {{readonly voices: ReadonlyMap<string, Voice>, readonly recent: readonly string[], readonly forwardAt: number}} Speakers
 *   `recent`: who came forward, the last one first
 */

/** What is louder is a voice; it goes on through a pause of this length. */
const LOUD = 0.015;
const PAUSE = 600;
/** Milliseconds. */
const SPEECH = 1_000;
const KEPT = 5_000;
/** Over how long loudness is averaged. */
const AVERAGED = 1_000;
/** Of two who speak, how many times as loud somebody has to be to take the other's place. */
const LOUDER = 2;

/** @type {Speakers} */
export const NOBODY = Object.freeze({ voices: new Map(), recent: [], forwardAt: -Infinity });

/**
 * @param {Speakers} before @param {ReadonlyMap<string, number>} levels  of everyone who is there, 0 to 1
 * @param {number} now  milliseconds @param {string} [own]  who is looking, and does not come forward @returns {Speakers}
 */
export function heard(before, levels, now, own) {
  const voices = new Map([...levels].map(([id, level]) => [id, voiceOf(before.voices.get(id), level, now)]));
  const recent = before.recent.filter((id) => voices.has(id));
  const [forward] = recent;
  const current = voices.get(forward);
  const speaking = [...voices].filter(([id, voice]) => id !== forward && id !== own && speaks(voice, now) && voice.loudAt - voice.since >= SPEECH);
  if (!speaking.length) return { voices, recent, forwardAt: before.forwardAt };
  const [id, voice] = speaking.reduce((best, each) => (each[1].loudness > best[1].loudness ? each : best));
  const stays = current && (now - before.forwardAt < KEPT || (speaks(current, now) && voice.loudness < LOUDER * current.loudness));
  if (stays) return { voices, recent, forwardAt: before.forwardAt };
  return { voices, recent: [id, ...recent.filter((other) => other !== id)], forwardAt: now };
}

/** @param {Voice} voice @param {number} now */
export const speaks = ({ loudAt }, now) => now - loudAt < PAUSE;

/** @param {Voice | undefined} before @param {number} level @param {number} now @returns {Voice} */
function voiceOf(before, level, now) {
  const { since, loudAt, loudness, at } = before ?? { since: now, loudAt: -Infinity, loudness: 0, at: now };
  const weight = Math.exp(-(now - at) / AVERAGED);
  const goesOn = now - loudAt < PAUSE;
  return {
    since: goesOn ? since : now,
    loudAt: level > LOUD ? now : loudAt,
    loudness: loudness * weight + level * (1 - weight),
    at: now,
  };
}
