/**
 * The layout of tiles: pure functions from a space to places. A space is the size of an element that depends neither on
 * its content nor on a scrollbar, so that a layout does not change the space.
 *
 * @typedef {{width: number, height: number, gap: number, scrollbar: number}} Space  in pixels; `scrollbar` is its width, often 0
 * @typedef {{left: number, top: number}} Place
 * @typedef {{width: number, height: number, scrolls: boolean, places: Place[]}} Arrangement  the size of all tiles, and the place of each
 * @typedef {"top left" | "top right" | "bottom left" | "bottom right"} Corner
 */

/** Ratios of width to height. A tile of people stays between them, so that a picture of 16:9 loses at most a sixth. */
const WIDEST = 16 / 9;
const NARROWEST = { landscape: 3 / 2, portrait: 1 };
/** Beside a shared screen, tiles of people take no more room than their pictures. */
export const STRIP = NARROWEST.landscape;
/** Screens are not cropped, so a tall tile would only add bars. */
export const SCREEN = 16 / 10;
/** Pixels; in smaller tiles nobody is recognised, so the tiles scroll instead. Screens, which are wider, are as high. */
const SMALLEST = { width: 120, height: 80 };

/**
 * The arrangement of equal tiles that makes them largest.
 * @param {number} count @param {Space} space
 * @param {number} [narrowest]  the smallest ratio of a tile
 * @returns {Arrangement}
 */
export function arrange(count, space, narrowest = narrowestIn(space, count)) {
  const columns = Array.from({ length: count }, (_, index) => index + 1);
  const fitting = columns.map((number) => fitted(count, number, space, narrowest));
  const large = fitting.filter(({ width, height }) => width >= SMALLEST.width && height >= SMALLEST.height);
  const best = largest(large);
  if (best) return placed(count, best, space, false);
  const room = space.width - space.scrollbar;
  const scrolling = placed(count, smallest(room, space, Math.max(narrowest, SMALLEST.width / SMALLEST.height)), { ...space, width: room }, true);
  const whole = largest(fitting);
  // A space smaller than the smallest tile may still hold all tiles.
  const last = scrolling.places.at(-1);
  return whole && !(last && last.top + scrolling.height > space.height) ? placed(count, whole, space, false) : scrolling;
}

/** Tall tiles in a tall space: on a phone, one person fills it. @param {Space} space @param {number} count */
function narrowestIn({ width, height }, count) {
  if (width >= height) return NARROWEST.landscape;
  return count === 1 ? width / height : NARROWEST.portrait;
}

/** @typedef {{columns: number, width: number, height: number}} Grid  its tile's size in pixels */

/** The largest tiles in so many columns without scrolling. @param {number} count @param {number} columns @param {Space} space @param {number} narrowest @returns {Grid} */
function fitted(count, columns, space, narrowest) {
  const rows = Math.ceil(count / columns);
  const cellWidth = Math.max(0, Math.floor((space.width - space.gap * (columns - 1)) / columns));
  const cellHeight = Math.max(0, Math.floor((space.height - space.gap * (rows - 1)) / rows));
  const width = Math.floor(Math.min(cellWidth, cellHeight * WIDEST));
  return { columns, width, height: Math.floor(Math.min(cellHeight, width / narrowest)) };
}

/** As many columns of the smallest tiles as fit. @param {number} room @param {Space} space @param {number} ratio @returns {Grid} */
function smallest(room, { height, gap }, ratio) {
  const columns = Math.max(1, Math.floor((room + gap) / (Math.ceil(SMALLEST.height * ratio) + gap)));
  const width = Math.max(0, Math.floor(Math.min((room - gap * (columns - 1)) / columns, height * ratio)));
  return { columns, width, height: Math.floor(width / ratio) };
}

/** @param {Grid[]} grids @returns {Grid | undefined} */
function largest(grids) {
  return grids.reduce((/** @type {Grid | undefined} */ best, grid) => (best && best.width * best.height >= grid.width * grid.height ? best : grid), undefined);
}

/** Centres all rows, the last one too. @param {number} count @param {Grid} grid @param {Space} space @param {boolean} scrolls @returns {Arrangement} */
export function placed(count, { columns, width, height }, space, scrolls) {
  const rows = Math.ceil(count / columns);
  /** @param {number} number @param {number} size */
  const length = (number, size) => number * (size + space.gap) - space.gap;
  const above = scrolls ? 0 : Math.floor((space.height - length(rows, height)) / 2);
  const places = Array.from({ length: count }, (_, index) => {
    const row = Math.floor(index / columns);
    const inRow = Math.min(columns, count - row * columns);
    const before = Math.floor((space.width - length(inRow, width)) / 2);
    return { left: before + (index % columns) * (width + space.gap), top: above + row * (height + space.gap) };
  });
  return { width, height, scrolls, places };
}

/** Own picture in a corner of the other's: its share of the space, its limits, and its distance from edges. */
const FLOATING = { share: 0.2, tallest: 0.3, width: { least: 128, most: 240 }, narrowest: 3 / 4, widest: 3 / 2, edge: 12 };

/**
 * @param {Space} space
 * @param {Place & {width: number, height: number}} other  the tile in whose corner it lies, or beside it if there is room
 * @param {number} ratio  of the picture
 * @param {Corner} corner
 * @param {number} clear  pixels kept free at the top, for the other tile's buttons, and at the bottom left, for its name
 * @returns {Place & {width: number, height: number}}
 */
export function floating(space, other, ratio, corner, clear) {
  const { share, tallest, width: limits, narrowest, widest, edge } = FLOATING;
  const shape = Math.min(widest, Math.max(narrowest, ratio));
  const wanted = Math.min(limits.most, Math.max(limits.least, space.width * share));
  const width = Math.max(0, Math.floor(Math.min(wanted, space.height * tallest * shape, space.width * 2 * share)));
  const height = Math.floor(width / shape);
  const beside = other.left >= width + 2 * edge;
  const around = beside ? { left: 0, right: space.width } : { left: other.left, right: other.left + other.width };
  const low = other.top + other.height - height - (corner === "bottom left" && !beside ? clear : edge);
  const top = corner.startsWith("top") ? other.top + Math.min(clear, other.height - height) : low;
  const left = corner.endsWith("left") ? around.left + edge : around.right - width - edge;
  return { left: Math.max(0, left), top: Math.max(0, top), width, height };
}
