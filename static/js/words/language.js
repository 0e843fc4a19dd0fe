/**
 * Decides in which language the page is, before anything of it is shown, and says so by `<html lang>`.
 *
 * A classic script in old syntax, in front of all others: until the texts of another language than English have come
 * (page-texts.js), what stands in the page in English is hidden.
 */
(function () {
  /** The first one is that of the source. */
  var LANGUAGES = ["en", "de"];

  var source = /** @type {HTMLScriptElement} */ (document.currentScript).src;
  /** As in addresses.js. */
  var base = source.replace(/^\w+:\/\/[^/]+/, "").replace(/\/static\/.*$/, "");

  /** What was chosen: by the address (`?lang=de`), or here before (language-choice.js). @returns {(string | null | undefined)[]} */
  function chosen() {
    var asked = /[?&]lang=([\w-]+)/.exec(location.search);
    try {
      return [asked && asked[1], localStorage.getItem("reconvene.language" + base)];
    } catch (error) {
      return [asked && asked[1]];
    }
  }

  var wished = chosen().concat(navigator.languages || [navigator.language]);
  var known = wished
    .map(function (wish) { return String(wish).toLowerCase().split(/[-_]/)[0]; })
    .filter(function (wish) { return LANGUAGES.indexOf(wish) >= 0; });
  var language = known[0] || LANGUAGES[0];
  document.documentElement.lang = language;
  if (language === LANGUAGES[0]) return;
  document.documentElement.setAttribute("data-untranslated", "");
  // It comes at the same time as the script that waits for it.
  var ahead = document.createElement("link");
  ahead.rel = "modulepreload";
  ahead.href = source.replace(/language\.js$/, language + ".js");
  document.head.appendChild(ahead);
})();
