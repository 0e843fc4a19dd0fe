/** An avatar: a person's picture, or initials on a colour that stays theirs. */

/** Hues in degrees: no two are hard to tell apart. */
const HUES = Array.from({ length: 12 }, (_, index) => index * 30);

/** @param {string} name */
function initials(name) {
  // "(iPad)" begins with I.
  const words = name.trim().split(/\s+/).map((word) => word.replace(/^\p{P}+/u, "")).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return letters.map((word) => [...word][0]?.toUpperCase() ?? "").join("") || "?";
}

/** The colour of a person shown alone. @param {string} seed  such as their id @returns {number} degrees */
export function hueOf(seed) {
  let hash = 0;
  for (const character of seed) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 3600;
  return HUES[hash % HUES.length];
}

/** The colours of people shown together: distinct while colours last, and kept while a person is present. */
export class Colours {
  /** @type {Map<string, number>} */
  #hues = new Map();

  /** @param {string[]} ids  of all present, in order of arrival */
  meet(ids) {
    this.#hues = new Map(ids.flatMap((id) => (this.#hues.has(id) ? [[id, this.of(id)]] : [])));
    for (const id of ids) if (!this.#hues.has(id)) this.#hues.set(id, this.#free(hueOf(id)));
  }

  /** @param {string} id @returns {number} degrees */
  of(id) {
    return this.#hues.get(id) ?? hueOf(id);
  }

  /** The wished hue or, if it is taken, the one least like the taken ones. @param {number} wished @returns {number} */
  #free(wished) {
    const taken = [...this.#hues.values()];
    /** @param {number} hue */
    const users = (hue) => taken.filter((other) => other === hue).length;
    const fewest = Math.min(...HUES.map(users));
    const free = HUES.filter((hue) => users(hue) === fewest);
    /** @param {number} hue */
    const distance = (hue) => Math.min(...taken.map((other) => Math.min(Math.abs(hue - other), 360 - Math.abs(hue - other))));
    return free.includes(wished) ? wished : free.reduce((best, hue) => (distance(hue) > distance(best) ? hue : best));
  }
}

/**
 * The initials are below the picture, for as long as it has not come, and if it never does.
 * @param {HTMLElement} element @param {string} name @param {number} hue @param {string | null} [picture]  its address
 */
export function paintAvatar(element, name, hue, picture = null) {
  paintGround(element, hue);
  const image = element.querySelector("img");
  if ((image?.getAttribute("src") ?? null) === picture && element.firstChild?.nodeValue === initials(name)) return;
  element.replaceChildren(initials(name), ...(picture ? [imageOf(picture)] : []));
}

/** @param {string} picture */
function imageOf(picture) {
  const image = document.createElement("img");
  image.alt = "";
  // Where it comes from is not told of which meeting.
  image.referrerPolicy = "no-referrer";
  image.addEventListener("error", () => (image.hidden = true));
  image.src = picture;
  return image;
}

/** Gives an element the person's colour. @param {HTMLElement} element @param {number} hue  degrees */
export function paintGround(element, hue) {
  element.style.setProperty("--hue", String(hue));
}
