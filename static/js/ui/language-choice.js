/** The choice of the page's language: it is kept in this browser (language.js reads it), and the page is loaded anew in it. */
import { browserStorage } from "../here/storage.js";
import { keepTyped } from "./typed.js";
import { language } from "../words/words.js";

const KEY = "reconvene.language";
const CHOICE = 'select[data-part="language"]';

/** To be called once, before anything is made of a template. @param {() => string} fragment  what the page's link said behind “#”, or "" */
export function offerLanguages(fragment) {
  for (const root of [document, ...[...document.querySelectorAll("template")].map(({ content }) => content)]) {
    for (const option of root.querySelectorAll(`${CHOICE} option`)) {
      if (option instanceof HTMLOptionElement) option.defaultSelected = option.value === language;
    }
  }
  document.addEventListener("change", ({ target }) => {
    if (target instanceof HTMLSelectElement && target.matches(CHOICE)) choose(target.value, fragment());
  });
}

/** @param {string} wanted @param {string} fragment */
function choose(wanted, fragment) {
  browserStorage.setItem(KEY, wanted);
  const address = new URL(location.href);
  address.searchParams.delete("lang");
  // Where the browser keeps nothing, the address says it.
  if (!browserStorage.keeps(KEY)) address.searchParams.set("lang", wanted);
  address.hash = fragment;
  // Without an event that would take the fragment before.
  history.replaceState(history.state, "", address);
  keepTyped();
  location.reload();
}
