/** The page: one view at a time. */
import { closeDialogs } from "./dialogs.js";
import { giveBackTyped } from "./typed.js";
import { underway } from "./underway.js";

/**
 * @typedef {object} View
 * @property {string} name  for `<body data-view>`
 * @property {string} title
 * @property {HTMLElement} element
 * @property {() => void} start
 * @property {() => void} stop  may be called again
 * @property {() => void} [focus]  default: its heading
 */

export class Page {
  element = /** @type {HTMLElement} */ (document.getElementById("view"));
  /** @type {View | null} */
  #shown = null;

  /** Shows a view and stops the previous one. @param {View} view */
  show(view) {
    closeDialogs();
    this.#shown?.stop();
    this.#shown = view;
    document.body.dataset.view = view.name;
    document.title = view.title;
    this.element.replaceChildren(view.element);
    view.start();
    giveBackTyped(view.name, view.element);
    underway(false);
    if (view.focus) view.focus();
    else view.element.querySelector("h1")?.focus();
  }
}
