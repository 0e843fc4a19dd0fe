/** The texts that stand in the page's HTML, templates included. */
import { language, said } from "./words.js";

const ATTRIBUTES = ["aria-label", "title", "placeholder", "content"];
/** Whose `content` is a text. */
const DESCRIPTION = 'meta[name="description"]';
/** What is not shown, or not while scripts run; and what is the same in every language. */
const UNSEEN = "script, style, noscript, [translate=no]";

/** Puts the page into its language, then shows it. To be called once, before anything is made of a template. */
export function translatePage() {
  const root = document.documentElement;
  // It may have become English because nothing else came.
  root.lang = language;
  if (language !== "en") {
    const templates = [...document.querySelectorAll("template")].map(({ content }) => content);
    for (const part of [root, ...templates]) translate(part);
  }
  root.removeAttribute("data-untranslated");
}

/** @param {ParentNode & Node} root */
function translate(root) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = /** @type {Text} */ (walker.currentNode);
    if (!node.parentElement?.closest(UNSEEN)) node.data = inPlace(node.data);
  }
  for (const name of ATTRIBUTES) {
    for (const element of root.querySelectorAll(name === "content" ? DESCRIPTION : `[${name}]`)) {
      element.setAttribute(name, said(element.getAttribute(name) ?? ""));
    }
  }
}

/** White space around a text stays. @param {string} text */
const inPlace = (text) => text.replace(/^([ \n]*)([^]*?)([ \n]*)$/, (_, before, inner, after) => before + said(inner.replace(/[ \n]+/g, " ")) + after);
