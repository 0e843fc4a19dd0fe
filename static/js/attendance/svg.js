/** Draws with SVG elements that are kept and only get new attributes. */

/** @typedef {{tag: string, text?: string, attributes: Record<string, string | number>}} Shape  attributes: the same names for each tag */

/**
 * Makes the parent's children match the shapes, changing only what differs.
 * @param {Element} parent @param {Shape[]} shapes
 */
export function paint(parent, shapes) {
  shapes.forEach(({ tag, text, attributes }, index) => {
    let element = parent.children[index];
    if (element?.localName !== tag) {
      const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
      if (element) element.replaceWith(made);
      else parent.append(made);
      element = made;
    }
    for (const [name, value] of Object.entries(attributes)) {
      const written = typeof value === "number" ? String(Math.round(value * 1000) / 1000) : value;
      if (element.getAttribute(name) !== written) element.setAttribute(name, written);
    }
    if (text !== undefined && element.textContent !== text) element.textContent = text;
  });
  while (parent.children.length > shapes.length) parent.lastElementChild?.remove();
}

/** @param {number} x  hundredths */
export const percent = (x) => `${Math.round(x * 1000) / 1000}%`;
