/** The page's templates: cloning one, and finding its named parts with their types. */

/** @param {string} id @returns {HTMLElement} */
export function fromTemplate(id) {
  const template = document.getElementById(id);
  if (!(template instanceof HTMLTemplateElement)) throw new Error(`no template ${id}`);
  return /** @type {HTMLElement} */ (document.importNode(template.content, true).firstElementChild);
}

/** Where parts were found: a page with many tiles has many elements to look through. @type {WeakMap<Element, Map<string, Element | null>>} */
const found = new WeakMap();

/**
 * @template {Element} [T=HTMLElement]
 * @param {Element} root @param {string} name
 * @param {new () => T} [type]
 * @returns {T}
 */
export function part(root, name, type) {
  const parts = found.get(root) ?? new Map();
  const known = parts.get(name);
  const element = root.contains(known ?? null) ? known : root.querySelector(`[data-part="${name}"]`);
  found.set(root, parts.set(name, element));
  if (!(element instanceof (type ?? HTMLElement))) throw new Error(`no part ${name}`);
  return /** @type {T} */ (element);
}

/** @param {string} name  of a symbol in index.html */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

/** Writes a text only if it differs: setting the same text would announce it again. @param {Element} element @param {string} text */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Sets an attribute only if it differs. @param {Element} element @param {string} name @param {string} value */
export function set(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** Shows or hides an element. Setting what is set would have the browser find its style again. @param {HTMLElement} element @param {boolean} hidden */
export function hide(element, hidden) {
  if (element.hidden !== hidden) element.hidden = hidden;
}

/** Whether two lists have the same values. @param {readonly unknown[]} one @param {readonly unknown[] | undefined} other */
export const isSame = (one, other) => one.length === other?.length && one.every((each, index) => each === other[index]);

/** Enables or disables a button. Disabling loses the focus; enabling restores it, unless it has moved on. @param {HTMLButtonElement} button @param {boolean} enabled */
export function enable(button, enabled) {
  button.disabled = !enabled;
  if (enabled && document.activeElement === document.body) button.focus();
}
