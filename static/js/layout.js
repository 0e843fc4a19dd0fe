/** The arrangement of equal tiles that makes them largest. */

/** Ratios of width to height. A tile stays between them, and a picture is cropped to its tile. */
const WIDEST = 16 / 9;
const NARROWEST = { landscape: 6 / 5, portrait: 0.6 };
/** Screens are not cropped, so a tall tile would only add bars. */
export const SCREEN = 16 / 10;
/** Smaller than this nobody is recognised: then the tiles scroll. Pixels. */
const SMALLEST = { width: 148, height: 111 };

/** @typedef {{columns: number, width: number, height: number}} Arrangement  of one tile, in pixels */

/**
 * @param {number} count @param {number} width @param {number} height  of the space, in pixels
 * @param {number} gap
 * @param {number} [narrowest]
 * @returns {Arrangement}
 */
export function arrange(count, width, height, gap, narrowest = width < height ? NARROWEST.portrait : NARROWEST.landscape) {
  /** @type {Arrangement} */
  let best = { columns: 1, width: 0, height: 0 };
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const cellWidth = (width - gap * (columns - 1)) / columns;
    const cellHeight = (height - gap * (rows - 1)) / rows;
    const tileWidth = Math.floor(Math.min(cellWidth, cellHeight * WIDEST));
    const tileHeight = Math.floor(Math.min(cellHeight, tileWidth / narrowest));
    if (tileWidth * tileHeight > best.width * best.height) best = { columns, width: tileWidth, height: tileHeight };
  }
  if (best.width >= SMALLEST.width || count <= 9) return best;
  const columns = Math.max(2, Math.floor((width + gap) / (SMALLEST.width + gap)));
  const tileWidth = Math.floor((width - gap * (columns - 1)) / columns);
  return { columns, width: tileWidth, height: Math.floor((tileWidth * SMALLEST.height) / SMALLEST.width) };
}
