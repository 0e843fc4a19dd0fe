/**
 * What is where on the stage: one pure function of who is there, what is wanted and how much room there is. Keys name tiles:
 * of people, and of shared screens.
 *
 * Who is large comes first: whom the user has pinned; else who is in the spotlight, beside shared screens; else, in speaker
 * view, who speaks. The others stand beside them, or below in an upright space. Nobody is large in a grid. Whatever has no
 * room goes to other pages, with tiles of the same size.
 */
import { SCREEN, STRIP, arrange, placed } from "./layout.js";

/**
 * @typedef {import("./layout.js").Place & {width: number, height: number}} Box  in pixels, from the stage's corner
 * @typedef {"grid" | "speaker"} View
 *
 * @typedef {object} Wanted
 * @property {readonly string[]} people  the others, as they came
 * @property {string | null} own  the own tile, if it is to be seen
 * @property {readonly string[]} screens
 * @property {View} view
 * @property {string | null} pin
 * @property {readonly string[]} spotlight
 * @property {readonly string[]} speakers  of the others, who spoke last comes first (speakers.js)
 * @property {readonly string[]} order  of the scene before, from which this one is to differ little
 * @property {number} page  from 0
 * @property {{width: number, height: number, gap: number, pager: number}} space  `pager`: how high what turns pages is
 *
 * @typedef {object} Scene
 * @property {Map<string, Box>} tiles  of this page
 * @property {readonly string[]} large  of these
 * @property {boolean} floats  The own tile lies over the other's: it is not among the tiles.
 * @property {number} page
 * @property {number} pages
 * @property {Box | null} pager  where it turns pages, if there are several
 * @property {readonly string[]} order  of the others
 */

/** Most tiles of a page, with those that are large. */
const MOST = { phone: 9, wide: 16 };
/** Pixels: a stage that is narrower, or lower, is a phone's. */
const PHONE = { width: 600, height: 360 };
/** The smallest tiles, in pixels: in a grid and below others, and beside others. */
const SMALLEST = { width: 120, height: 80 };
const SMALLEST_BESIDE = { width: 150, height: 100 };
/** Of those who are large, wide enough for a screen. */
const LARGE = { width: 128, height: 80 };
/** How much of the space those beside the large take: of its width; below them, of its height. */
const BESIDE = { share: 0.18, least: 170, most: 280, tallest: 1 / 3 };
const BELOW = { people: 0.34, screens: 0.45, least: 80 };

/** @param {Wanted} wanted @returns {Scene} */
export function sceneOf(wanted) {
  const { people, own, screens, pin, spotlight, space } = wanted;
  const floats = own !== null && people.length === 1 && !screens.length && pin !== own && !spotlight.includes(own);
  const shown = floats ? null : own;
  const known = wanted.order.filter((key) => people.includes(key));
  /** @type {readonly string[]} */
  let order = [...known, ...people.filter((key) => !known.includes(key))];
  const speaker = wanted.speakers.find((key) => people.includes(key));
  /** @type {readonly string[] | null} */
  let large = largeOf(wanted, shown);
  if (!large && wanted.view === "speaker" && order.length && (order.length > 1 || shown)) {
    order = swapped(order, speaker ?? order[0], order[0]);
    large = [order[0]];
  }
  const all = [...screens, ...order, ...(shown ? [shown] : [])];
  const { main, regions } = divided(space, large ?? [], all, screens);
  const others = all.filter((key) => !main.includes(key));
  const most = (isPhone(space) ? MOST.phone : MOST.wide) - main.length;
  const beside = main.length > 0 && space.width >= space.height;
  const { region, pager, capacity } = paged(regions.rest, space, Math.max(1, most), beside, others.length);
  if (pager && speaker && others.includes(speaker)) {
    order = forward(order, others, speaker, wanted.speakers, capacity > 1 && shown && others.includes(shown) ? capacity - 1 : capacity);
  }
  const queue = [...screens, ...order].filter((key) => !main.includes(key));
  // The own tile ends the first page.
  if (shown && !main.includes(shown)) queue.splice(capacity > 1 ? capacity - 1 : queue.length, 0, shown);
  const pages = Math.max(1, Math.ceil(queue.length / capacity));
  const page = Math.max(0, Math.min(wanted.page, pages - 1));
  const rest = queue.slice(page * capacity, (page + 1) * capacity);
  const room = pages > 1 ? capacity : rest.length;
  const spare = beside && room ? spareOf(region, room, space.gap) : 0;
  const narrower = (/** @type {Box} */ box) => ({ ...box, left: box.left + spare, width: box.width - spare });
  const wider = regions.main && { ...regions.main, width: regions.main.width + spare };
  const tiles = new Map([
    ...(wider ? laid(main, wider, space.gap, narrowestOf(main, wider, screens)) : []),
    ...laid(rest, narrower(region), space.gap, main.length ? STRIP : undefined, room),
  ]);
  return { tiles, large: main, floats, page, pages, pager: pager && narrower(pager), order };
}

/** Who is large in any view; null: nobody in particular. @param {Wanted} wanted @param {string | null} own  the own tile, unless it floats @returns {readonly string[] | null} */
function largeOf({ people, screens, pin, spotlight }, own) {
  const there = (/** @type {string} */ key) => people.includes(key) || key === own;
  if (pin !== null && (there(pin) || screens.includes(pin))) return [pin];
  const large = [...screens, ...spotlight.filter(there)];
  return large.length ? large : null;
}

/** @param {{width: number, height: number}} space */
const isPhone = ({ width, height }) => width < PHONE.width || height < PHONE.height;

/** @param {{width: number, height: number}} space @returns {Box} */
const whole = ({ width, height }) => ({ left: 0, top: 0, width, height });

/** How many tiles of a size have room, at least one. @param {{width: number, height: number}} tile @param {{width: number, height: number, gap: number}} space */
function roomFor(tile, { width, height, gap }) {
  const fit = (/** @type {number} */ length, /** @type {number} */ size) => Math.floor((length + gap) / (size + gap));
  return Math.max(1, fit(width, tile.width) * fit(height, tile.height));
}

/**
 * Those who are large, as many as have room, and where they and the others are.
 * @param {Wanted["space"]} space @param {readonly string[]} large @param {readonly string[]} all @param {readonly string[]} screens
 * @returns {{main: readonly string[], regions: {main: Box | null, rest: Box}}}
 */
function divided(space, large, all, screens) {
  if (!large.length) return { main: large, regions: { main: null, rest: whole(space) } };
  const split = (/** @type {boolean} */ some) => halves(space, large.every((key) => screens.includes(key)), some);
  const alone = split(large.length < all.length);
  const room = roomFor(LARGE, { ...alone.main, gap: space.gap });
  return large.length <= room ? { main: large, regions: alone } : { main: large.slice(0, roomFor(LARGE, { ...split(true).main, gap: space.gap })), regions: split(true) };
}

/** @param {Wanted["space"]} space @param {boolean} onlyScreens @param {boolean} some  whether there are others @returns {{main: Box, rest: Box}} */
function halves(space, onlyScreens, some) {
  const { width, height, gap } = space;
  if (!some) return { main: whole(space), rest: { left: width, top: 0, width: 0, height } };
  if (width >= height) {
    const beside = Math.floor(Math.min(BESIDE.most, Math.max(BESIDE.least, width * BESIDE.share), width * BESIDE.tallest));
    return { main: { left: 0, top: 0, width: width - beside - gap, height }, rest: { left: width - beside, top: 0, width: beside, height } };
  }
  const share = height * (onlyScreens ? BELOW.screens : BELOW.people);
  // A screen needs no more height than its picture.
  const spare = onlyScreens ? Math.max(0, height - share - width / SCREEN - gap) : 0;
  const below = Math.floor(Math.min(Math.max(share + spare, BELOW.least), height / 2 + spare));
  return { main: { left: 0, top: 0, width, height: height - below - gap }, rest: { left: 0, top: height - below, width, height: below } };
}

/**
 * How many tiles a page of a region has, and where its pager is.
 * @param {Box} region @param {Wanted["space"]} space @param {number} most @param {boolean} beside @param {number} count  of all tiles
 * @returns {{region: Box, pager: Box | null, capacity: number}}
 */
function paged(region, { gap, pager: high }, most, beside, count) {
  const size = beside ? SMALLEST_BESIDE : SMALLEST;
  const capacity = Math.min(most, roomFor(size, { ...region, gap }));
  if (count <= capacity) return { region, pager: null, capacity };
  // Where there would be no room for a row of tiles above it, it lies over them.
  const over = region.height - high - gap < SMALLEST.height;
  const pager = { left: region.left, top: region.top + region.height - high, width: region.width, height: high };
  const above = over ? region : { ...region, height: region.height - high - gap };
  return { region: above, pager, capacity: Math.min(most, roomFor(size, { ...above, gap })) };
}

/** Tiles in a region, as large as `room` of them would be. @param {readonly string[]} keys @param {Box} region @param {number} gap @param {number} [narrowest] @param {number} [room] @returns {[string, Box][]} */
function laid(keys, { left, top, width, height }, gap, narrowest, room = 0) {
  const space = { width, height, gap, scrollbar: 0 };
  const arrangement = arrange(Math.max(room, keys.length), space, narrowest);
  const columns = arrangement.places.filter((place) => place.top === arrangement.places[0].top).length;
  const size = { width: arrangement.width, height: arrangement.height };
  const { places } = placed(keys.length, { columns, ...size }, space, arrangement.scrolls);
  return keys.map((key, index) => [key, { left: left + places[index].left, top: top + places[index].top, ...size }]);
}

/** A single one fills its region. @param {readonly string[]} main @param {Box} region @param {readonly string[]} screens */
function narrowestOf(main, { width, height }, screens) {
  if (main.every((key) => screens.includes(key))) return SCREEN;
  return main.length === 1 ? Math.min(STRIP, width / height) : undefined;
}

/** How much of their region's width tiles beside others leave. @param {Box} region @param {number} room  for so many tiles @param {number} gap */
function spareOf({ width, height }, room, gap) {
  const { places, width: each } = arrange(room, { width, height, gap, scrollbar: 0 }, STRIP);
  const lefts = places.map(({ left }) => left);
  const used = Math.max(...lefts) - Math.min(...lefts) + each;
  return Math.max(0, width - Math.max(used, BESIDE.least));
}

/** @param {readonly string[]} order @param {string} one @param {string} other */
const swapped = (order, one, other) => order.map((key) => (key === one ? other : key === other ? one : key));

/**
 * Brings who speaks to the first page, in the place of whoever has not spoken for longest: nobody else moves.
 * @param {readonly string[]} order @param {readonly string[]} others  with screens @param {string} speaker @param {readonly string[]} speakers @param {number} room  on the first page
 */
function forward(order, others, speaker, speakers, room) {
  const first = others.slice(0, Math.max(0, room)).filter((key) => order.includes(key));
  if (!first.length || first.includes(speaker)) return order;
  const rank = (/** @type {string} */ key) => (speakers.includes(key) ? speakers.indexOf(key) : Infinity);
  const victim = first.reduce((last, key) => (rank(key) >= rank(last) ? key : last));
  return swapped(order, speaker, victim);
}
