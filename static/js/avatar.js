/** A person without a picture: their initials on a colour that stays theirs. */

/** @param {string} name */
export function initials(name) {
  // "(iPad)" begins with I.
  const words = name.trim().split(/\s+/).map((word) => word.replace(/^\p{P}+/u, "")).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return letters.map((word) => [...word][0]?.toUpperCase() ?? "").join("") || "?";
}

/** @param {string} seed @returns {number} degrees */
function hue(seed) {
  let hash = 0;
  for (const character of seed) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 3600;
  // Steps of 30 degrees: neighbours are told apart, and no two are almost alike.
  return (hash % 12) * 30;
}

/** @param {HTMLElement} element @param {string} name @param {string} seed */
export function paintAvatar(element, name, seed) {
  element.textContent = initials(name);
  paintGround(element, seed);
}

/** Lets an element take up the person's colour. @param {HTMLElement} element @param {string} seed */
export function paintGround(element, seed) {
  element.style.setProperty("--hue", String(hue(seed)));
}
