/** In a mesh everyone encodes once per peer, so each peer gets less in a larger meeting. */
const STEPS = [
  { upTo: 1, maxBitrate: 1_700_000, scaleResolutionDownBy: 1 },
  { upTo: 3, maxBitrate: 700_000, scaleResolutionDownBy: 1.5 },
  { upTo: 5, maxBitrate: 400_000, scaleResolutionDownBy: 2 },
  { upTo: 8, maxBitrate: 250_000, scaleResolutionDownBy: 3 },
  { upTo: Infinity, maxBitrate: 120_000, scaleResolutionDownBy: 4 },
];

/** @param {number} peers @returns {{maxBitrate: number, scaleResolutionDownBy: number}} */
export function videoEncoding(peers) {
  const { upTo: _, ...encoding } = STEPS.find(({ upTo }) => peers <= upTo) ?? STEPS[0];
  return encoding;
}
