/**
 * The choice of the page's language: it is kept in this browser (language.js reads it), and the page is loaded anew in it.
 * A call is not: there it holds from the next page on.
 */
import { browserStorage } from "../here/storage.js";
import { part, write } from "./dom.js";
import { keepTyped } from "./typed.js";
import { language, t } from "../words/words.js";

const KEY = "reconvene.language";
const CHOICE = 'select[data-part="language"]';
const LATER = 'select[data-part="later-language"]';

/** What was chosen in a call, or the page's own. */
let next = language;

/** To be called once, before anything is made of a template. @param {() => string} fragment  what the page's link said behind “#”, or "" */
export function offerLanguages(fragment) {
  for (const root of [document, ...[...document.querySelectorAll("template")].map(({ content }) => content)]) {
    for (const option of root.querySelectorAll(`:is(${CHOICE}, ${LATER}) option`)) {
      if (option instanceof HTMLOptionElement) option.defaultSelected = option.value === language;
    }
  }
  document.addEventListener("change", ({ target }) => {
    if (!(target instanceof HTMLSelectElement) || !target.matches(`:is(${CHOICE}, ${LATER})`)) return;
    next = target.value;
    if (target.matches(LATER)) return keep(next, "");
    keep(next, fragment());
    keepTyped();
    location.reload();
  });
}

/** Shows what was chosen, and since when it holds. @param {HTMLElement} view */
export function showNextLanguage(view) {
  const choice = part(view, "later-language", HTMLSelectElement);
  const note = part(view, "language-note");
  choice.value = next;
  const show = () => write(note, choice.value === language ? "" : t("It holds from the next page on."));
  choice.addEventListener("change", show);
  show();
}

/** @param {string} wanted @param {string} fragment */
function keep(wanted, fragment) {
  browserStorage.setItem(KEY, wanted);
  const address = new URL(location.href);
  address.searchParams.delete("lang");
  // Where the browser keeps nothing, the address says it.
  if (!browserStorage.keeps(KEY)) address.searchParams.set("lang", wanted);
  address.hash = fragment;
  // Without an event that would take the fragment before.
  history.replaceState(history.state, "", address);
}
