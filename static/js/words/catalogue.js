/**
 * Texts in the reader's language. The key of a text is what it says in English, so that the source reads as it is, and
 * English needs no catalogue.
 *
 * @typedef {Record<string, string | number>} Values  What stands in a text in place of `{name}`. Numbers come as the reader writes them.
 * @typedef {Partial<Record<Intl.LDMLPluralRule, string>>} Forms  Of a text with a count, by the categories of CLDR.
 * @typedef {Record<string, string | Forms>} Texts  Those of one language, by what they say in English.
 */

const PLACEHOLDER = /\{(\w+)\}/g;

export class Catalogue {
  #texts;
  #plural;
  #number;
  #and;
  #or;

  /** @param {string} locale  how the reader writes numbers, as in BCP 47 @param {Texts} texts  {}: English */
  constructor(locale, texts) {
    this.#texts = texts;
    this.#plural = new Intl.PluralRules(locale);
    this.#number = new Intl.NumberFormat(locale);
    this.#and = new Intl.ListFormat(locale, { type: "conjunction" });
    this.#or = new Intl.ListFormat(locale, { type: "disjunction" });
  }

  /** @param {string} text  in English @param {Values} [values] @returns {string} */
  text(text, values = {}) {
    const here = Object.hasOwn(this.#texts, text) ? this.#texts[text] : text;
    return this.#filled(typeof here === "string" ? here : text, values);
  }

  /**
   * A text with a count, which stands in it as `{count}`, or is only meant.
   * @param {number} count @param {string} one  in English, for 1 @param {string} many  for all others, and the key
   * @param {Values} [values]  others @returns {string}
   */
  counted(count, one, many, values = {}) {
    const forms = Object.hasOwn(this.#texts, many) ? this.#texts[many] : undefined;
    const here = typeof forms === "object" ? (forms[this.#plural.select(count)] ?? forms.other) : undefined;
    return this.#filled(here ?? (count === 1 ? one : many), { ...values, count });
  }

  /** "1,200". @param {number} value */
  number(value) {
    return this.#number.format(value);
  }

  /** "Ada, Bob and Cleo". @param {string[]} items */
  all(items) {
    return this.#and.format(items);
  }

  /** "Ada, Bob or Cleo". @param {string[]} items */
  any(items) {
    return this.#or.format(items);
  }

  /** Values are not read again: a person may be named `{count}`. @param {string} text @param {Values} values */
  #filled(text, values) {
    return text.replace(PLACEHOLDER, (placeholder, name) => {
      const value = Object.hasOwn(values, name) ? values[name] : placeholder;
      return typeof value === "number" ? this.number(value) : value;
    });
  }
}

/**
 * How the reader writes dates and numbers in a language: as their browser says for it, else as in their country.
 * @param {string} language  of the texts @param {readonly string[]} wished  by the reader, the dearest first @returns {string} as in BCP 47
 */
export function localeOf(language, wished) {
  const known = wished.flatMap((tag) => {
    try {
      return [new Intl.Locale(tag)];
    } catch {
      // Some systems have tags that are none, such as en-US@posix.
      return [];
    }
  });
  const same = known.find((locale) => locale.language === language);
  if (same) return same.toString();
  const region = known[0]?.maximize().region;
  return region ? `${language}-${region}` : language;
}
