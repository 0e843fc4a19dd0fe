/** The arrangement of equal tiles that makes them largest. */

/** Beyond these a tile is letterboxed into its cell, and the picture inside is cropped up to them. */
const WIDEST = 16 / 9;
const NARROWEST = { landscape: 4 / 3, portrait: 3 / 4 };
/** Smaller than this nobody is recognised: then the tiles scroll. Pixels. */
const SMALLEST = { width: 148, height: 111 };

/** @typedef {{columns: number, width: number, height: number}} Arrangement  of one tile, in pixels */

/**
 * @param {number} count @param {number} width @param {number} height  of the space, in pixels
 * @param {number} gap
 * @returns {Arrangement}
 */
export function arrange(count, width, height, gap) {
  const narrowest = width < height ? NARROWEST.portrait : NARROWEST.landscape;
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
