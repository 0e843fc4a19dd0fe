/** The page's templates: cloning one, and finding its named parts with their types. */

/** @param {string} id @returns {HTMLElement} */
export function fromTemplate(id) {
  const template = document.getElementById(id);
  if (!(template instanceof HTMLTemplateElement)) throw new Error(`no template ${id}`);
  return /** @type {HTMLElement} */ (document.importNode(template.content, true).firstElementChild);
}

/**
 * @template {Element} [T=HTMLElement]
 * @param {Element} root @param {string} name
 * @param {new () => T} [type]
 * @returns {T}
 */
export function part(root, name, type) {
  const element = root.querySelector(`[data-part="${name}"]`);
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

/** Enables or disables a button. Disabling loses the focus; enabling restores it, unless it has moved on. @param {HTMLButtonElement} button @param {boolean} enabled */
export function enable(button, enabled) {
  button.disabled = !enabled;
  if (enabled && document.activeElement === document.body) button.focus();
}
