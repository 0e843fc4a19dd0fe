/**
 * EventTarget with the events' names and details known to the type checker.
 * @template {Record<string, unknown>} Events
 */
export class Emitter extends EventTarget {
  /**
   * @template {keyof Events & string} Name
   * @param {Name} name
   * @param {(detail: Events[Name]) => void} listener
   * @param {AddEventListenerOptions} [options]
   * @returns {() => void} ends it
   */
  on(name, listener, options) {
    const hear = (/** @type {Event} */ event) => listener(/** @type {CustomEvent} */ (event).detail);
    this.addEventListener(name, hear, options);
    return () => this.removeEventListener(name, hear);
  }

  /**
   * @template {keyof Events & string} Name
   * @param {Name} name
   * @param {Events[Name]} detail
   */
  emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
