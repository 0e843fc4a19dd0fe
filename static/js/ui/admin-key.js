/** The admin key, if it was entered in this tab. It is forgotten with the tab. */
const KEY = "reconvene.admin-key";

export class AdminKey {
  #tab;

  /** @param {import("../here/storage.js").PageStorage} tab */
  constructor(tab) {
    this.#tab = tab;
  }

  get value() {
    return this.#tab.getItem(KEY) ?? undefined;
  }

  /** @param {string} key */
  remember(key) {
    this.#tab.setItem(KEY, key);
  }

  forget() {
    this.#tab.removeItem(KEY);
  }
}
