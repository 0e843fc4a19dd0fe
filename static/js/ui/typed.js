/** What somebody has typed into a view, kept while the page is loaded anew. */
import { tabStorage } from "../here/storage.js";

const KEY = "reconvene.typed";
/** Fields of a line of text; what is secret has a type of its own. */
const FIELDS = "input[data-part]:not([type], [readonly])";

/** @param {ParentNode} root @returns {HTMLInputElement[]} */
const fieldsOf = (root) => [...root.querySelectorAll(FIELDS)].flatMap((field) => (field instanceof HTMLInputElement ? [field] : []));

/** To be called before the page is loaded anew. */
export function keepTyped() {
  const texts = Object.fromEntries(fieldsOf(document).map((field) => [field.dataset.part, field.value]));
  tabStorage.setItem(KEY, JSON.stringify({ view: document.body.dataset.view, texts }));
}

/** To be called when a view has begun: the first one, if it is the one that was left, has again what it had. @param {string} view @param {HTMLElement} element */
export function giveBackTyped(view, element) {
  const kept = taken();
  if (kept?.view !== view) return;
  for (const field of fieldsOf(element)) {
    const text = kept.texts?.[field.dataset.part ?? ""];
    if (typeof text !== "string" || text === field.value) continue;
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    const folded = field.closest("details");
    if (folded) folded.open = true;
  }
}

/** @returns {{view?: string, texts?: Record<string, unknown>} | null} */
function taken() {
  const kept = tabStorage.getItem(KEY);
  if (kept) tabStorage.removeItem(KEY);
  try {
    return JSON.parse(kept ?? "null");
  } catch {
    return null;
  }
}
