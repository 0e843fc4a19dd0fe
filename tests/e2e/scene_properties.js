/** What holds of every scene (static/js/meeting/scene.js) and of who comes forward (speakers.js), in thousands of random ones. */
import { chanceOf } from "./clock.js";
import { sceneOf } from "./static/js/meeting/scene.js";
import { NOBODY, heard } from "./static/js/meeting/speakers.js";

const [, , count] = process.argv;
const wrong = [];

const overlap = (a, b) => a.left < b.left + b.width && b.left < a.left + a.width && a.top < b.top + b.height && b.top < a.top + a.height;
const within = (a, b) => a.left >= b.left && a.top >= b.top && a.left + a.width <= b.left + b.width && a.top + a.height <= b.top + b.height;
const area = ({ width, height }) => width * height;
const allOf = (wanted, scene) => [...wanted.people, ...(wanted.own && !scene.floats ? [wanted.own] : []), ...wanted.screens];

function wantedOf(chance) {
  const among = (list) => list[Math.floor(chance() * list.length)];
  const between = (least, most) => least + Math.floor(chance() * (most - least + 1));
  const people = Array.from({ length: among([between(0, 6), between(0, 20), between(0, 60)]) }, (_, index) => `p${index}`);
  const screens = Array.from({ length: among([0, 0, 0, 1, 2]) }, (_, index) => `s${index}`);
  const anybody = ["own", ...people, ...screens, "gone"];
  const some = (list, most) => [...new Set(Array.from({ length: between(0, most) }, () => among(list)))].filter(Boolean);
  return {
    people,
    own: among(["own", "own", null]),
    screens,
    view: among(["grid", "speaker"]),
    pin: among([null, null, null, among(anybody)]),
    spotlight: among([[], [], some(["own", ...people, "gone"], 3)]),
    speakers: some([...people, "gone"], 5),
    order: some([...people, "gone"], 80),
    page: among([0, 0, between(0, 9)]),
    space: { width: among([between(240, 900), between(900, 3840)]), height: among([between(120, 700), between(700, 2160)]), gap: among([8, 10]), pager: 40 },
  };
}

/** @param {number} seed */
function look(seed) {
  const chance = chanceOf(seed);
  const wanted = wantedOf(chance);
  const say = (text, detail = "") => wrong.push(`seed ${seed}: ${text} ${detail}`);
  const scene = sceneOf(wanted);
  const all = allOf(wanted, scene);
  const pages = Array.from({ length: scene.pages }, (_, page) => sceneOf({ ...wanted, page }));
  const { space } = wanted;
  const stage = { left: 0, top: 0, width: space.width, height: space.height };

  // Everyone is on one page, and who is large is on each.
  const seen = pages.flatMap(({ tiles }) => [...tiles.keys()]);
  for (const key of all) {
    const times = seen.filter((other) => other === key).length;
    if (times !== (scene.large.includes(key) ? scene.pages : 1)) say("not on exactly one page", `${key} ${times}`);
  }
  if (seen.some((key) => !all.includes(key))) say("somebody who is not there");
  if (pages.some(({ tiles }) => !tiles.size) && all.length) say("an empty page");
  if (pages.some((each) => String(each.order) !== String(scene.order) || String(each.large) !== String(scene.large))) say("pages differ in order");
  if (scene.page !== Math.min(wanted.page, scene.pages - 1)) say("another page");

  for (const { tiles, pager, large, pages: number } of pages) {
    const boxes = [...tiles];
    for (const [key, box] of boxes) {
      if (!within(box, stage)) say("outside the stage", `${key} ${JSON.stringify(box)}`);
      if (pager && box.height && space.height >= 500 && overlap(box, pager)) say("under the pager", key);
      const ratio = box.width / box.height;
      const roomy = space.width >= 300 && space.height >= 240;
      if (roomy && (ratio > (16 / 9) * 1.05 || ratio < (all.length === 1 || large.length === 1 ? Math.min(0.55, space.width / space.height) * 0.99 : 0.95))) say("a tile out of shape", `${key} ${ratio}`);
      if (roomy && (box.width < 79 || box.height < 60)) say("a tile too small", `${key} ${JSON.stringify([box, space])}`);
    }
    boxes.forEach(([one, box], index) => boxes.slice(index + 1).forEach(([other, next]) => overlap(box, next) && say("overlap", `${one} ${other}`)));
    const most = Math.max(0, ...boxes.filter(([key]) => !large.includes(key)).map(([, box]) => area(box)));
    if (space.width >= 300 && space.height >= 300 && large.length === 1 && boxes.some(([key, box]) => key === large[0] && area(box) < most * 0.9)) say("who is large is smaller");
    if (tiles.size > Math.max(16, large.length + 1)) say("too many tiles", tiles.size);
    if (space.width < 600 && tiles.size > Math.max(9, large.length + 1)) say("too many tiles for a phone", tiles.size);
    if (Boolean(pager) !== number > 1) say("a pager for one page, or none for several");
  }
  // Tiles are of one size on all pages.
  const sizes = new Set(pages.flatMap(({ tiles, large }) => [...tiles].filter(([key]) => !large.includes(key)).map(([, { width, height }]) => `${width} ${height}`)));
  if (sizes.size > 1) say("sizes differ", [...sizes]);

  // Pin, spotlight, screens, speakers.
  const there = (key) => all.includes(key);
  const spotlight = wanted.spotlight.filter(there);
  if (wanted.pin && there(wanted.pin)) {
    if (String(scene.large) !== wanted.pin) say("what is pinned is not large");
  } else if (spotlight.length || wanted.screens.length) {
    const roomy = space.width >= 700 && space.height >= 500;
    if (roomy && [...spotlight, ...wanted.screens].some((key) => !scene.large.includes(key))) say("spotlight or screen not large");
  } else if (wanted.view === "grid" ? scene.large.length : wanted.people.length > 1 && scene.large.length !== 1) say("as many large as", scene.large.length);
  const speaker = wanted.speakers.find(there);
  const [first] = pages;
  const slots = [...first.tiles.keys()].filter((key) => wanted.people.includes(key) && !first.large.includes(key));
  if (speaker && slots.length && !first.tiles.has(speaker)) say("who speaks is not on the first page");
  if (first.pages > 1 && wanted.own && !first.tiles.has("own") && first.tiles.size > first.large.length + wanted.screens.length + 1) say("the own tile is not on the first page");

  // The same again is the same; a change of speaker moves two at most.
  const next = { ...wanted, order: scene.order };
  const again = sceneOf(next);
  const placesOf = ({ tiles }) => JSON.stringify([...tiles].sort());
  if (placesOf(again) !== placesOf(scene)) say("not the same again");
  const other = wanted.people[Math.floor(chance() * wanted.people.length)];
  if (other) {
    const after = sceneOf({ ...next, speakers: [other, ...wanted.speakers.filter((key) => key !== other)] });
    const moved = all.filter((key) => JSON.stringify(after.tiles.get(key)) !== JSON.stringify(scene.tiles.get(key)));
    if (moved.length > 2) say("a change of speaker moves", moved.length);
  }
  // Whoever comes last moves nobody in a grid of several pages; less room or more people make no tile larger.
  const size = (each) => Math.max(0, ...[...each.tiles].filter(([key]) => !each.large.includes(key)).map(([, box]) => area(box)));
  const more = sceneOf({ ...next, people: [...wanted.people, "new"] });
  if (wanted.people.length > 1 && more.pages === scene.pages && size(scene) && size(more) > size(scene) + 400) say("more people, larger tiles");
  if (scene.pages > 1 && more.pages === scene.pages && !scene.large.length && !wanted.page && placesOf(more) !== placesOf(scene)) say("a newcomer moves others");
  const grown = sceneOf({ ...next, space: { ...space, width: space.width + 37, height: space.height + 23 } });
  if (!scene.large.length && grown.pages === scene.pages && scene.pages === 1 && (space.width >= space.height) === (space.width + 14 >= space.height) && size(grown) < size(scene) * 0.97 - 400) say("more room, smaller tiles", `${size(grown)} ${size(scene)}`);
}

/** A talk of some people, as a meter hears it. @param {number} seed */
function listen(seed) {
  const chance = chanceOf(seed);
  const say = (text) => wrong.push(`talk ${seed}: ${text}`);
  let people = ["a", "b", "c", "d"].slice(0, 1 + Math.floor(chance() * 4));
  const talk = new Map(people.map((id) => [id, { on: false, until: 0, loud: 0.02 + chance() * 0.2 }]));
  /** Since when somebody is loud without a pause, and when last. */
  const voices = new Map(people.map((id) => [id, { since: 0, loudAt: -Infinity }]));
  let speakers = NOBODY;
  const own = chance() < 0.5 ? people[0] : undefined;
  let changedAt = -Infinity;
  for (let now = 0; now < 60_000; now += 100 + Math.floor(chance() * 100)) {
    if (chance() < 0.002 && people.length > 1) people = people.slice(1);
    const levels = new Map();
    for (const id of people) {
      const state = talk.get(id);
      if (now > state.until) Object.assign(state, { on: !state.on, until: now + chance() * (chance() < 0.5 ? 900 : 9_000) });
      const level = state.on ? state.loud * (0.8 + chance() * 0.4) : chance() * 0.01;
      levels.set(id, level);
      const voice = voices.get(id);
      if (level > 0.015) {
        if (now - voice.loudAt >= 600) voice.since = now;
        voice.loudAt = now;
      }
    }
    const before = speakers.recent[0];
    speakers = heard(speakers, levels, now, own);
    const [forward] = speakers.recent;
    if (forward !== before && people.includes(forward)) {
      if (people.includes(before) && now - changedAt < 5_000) say(`${forward} after ${now - changedAt} ms`);
      const { since, loudAt } = voices.get(forward);
      if (forward !== undefined && before !== undefined && people.includes(before) && (loudAt - since < 1_000 || now - loudAt >= 600)) say(`${forward} forward without a second of speech`);
      if (before === undefined || people.includes(before)) changedAt = now;
    }
    if (own !== undefined && speakers.recent.includes(own)) say("who is looking comes forward");
    if (speakers.recent.some((id) => !people.includes(id))) say("somebody who is gone");
    const loud = people.filter((id) => now - voices.get(id).loudAt < 600);
    // Who speaks alone for long enough comes forward.
    const [only] = loud;
    if (loud.length === 1 && only !== own && now - speakers.forwardAt >= 5_000 && voices.get(only).loudAt - voices.get(only).since >= 1_000 && forward !== only) say(`${only} speaks alone, and ${forward} is forward`);
  }
}

const ENOUGH = 12;
for (let seed = 0; seed < Number(count) && wrong.length < ENOUGH; seed += 1) look(seed);
for (let seed = 0; seed < Number(count) / 20 && wrong.length < ENOUGH; seed += 1) listen(seed);
console.log(JSON.stringify(wrong.slice(0, ENOUGH)));
