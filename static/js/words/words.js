/** The texts of the page, in its language. Whatever imports this is run when they are there. */
import { Catalogue, localeOf } from "./catalogue.js";

/** As language.js says, where there is a page. */
const wanted = globalThis.document?.documentElement.lang || "en";
const texts = await textsOf(wanted);
/** The language of the texts. */
export const language = texts ? wanted : "en";
/** How dates and numbers are written. */
export const locale = localeOf(language, [Intl.DateTimeFormat().resolvedOptions().locale, ...(globalThis.navigator?.languages ?? [])]);

const catalogue = new Catalogue(locale, texts ?? {});

/**
 * A text in the reader's language. `tests/words` finds all calls, so a text is written where it is used.
 * @type {(text: string, values?: import("./catalogue.js").Values) => string}
 */
export const t = (text, values) => catalogue.text(text, values);

/** A text with a count. @type {(count: number, one: string, many: string, values?: import("./catalogue.js").Values) => string} */
export const tn = (count, one, many, values) => catalogue.counted(count, one, many, values);

/** A text that was made elsewhere: by the server, the client library or in the page's HTML. @type {(text: string) => string} */
export const said = (text) => catalogue.text(text);

/** "1,200". @type {(value: number) => string} */
export const number = (value) => catalogue.number(value);
/** "Ada, Bob and Cleo". @type {(items: string[]) => string} */
export const all = (items) => catalogue.all(items);
/** "Ada, Bob or Cleo". @type {(items: string[]) => string} */
export const any = (items) => catalogue.any(items);

/** @param {string} wish @returns {Promise<import("./catalogue.js").Texts | null>} null: they did not come */
async function textsOf(wish) {
  if (wish === "en") return {};
  try {
    // From wherever this stands: the server makes one file of the page's modules.
    return (await import(import.meta.url.replace(/^(.*\/js\/).*$/, `$1words/${wish}.js`))).texts;
  } catch {
    return null;
  }
}
