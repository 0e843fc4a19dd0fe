/**
 * The page's addresses in the browser's history, and the question before the back button leaves a call.
 *
 * In a call the page stands on a second entry of the same address, so that back, wherever it leads, comes to the first:
 *
 *     … │ lobby or another site │ /m/ABC "door" │ /m/ABC "inside" │
 *
 * Nothing is asked at a reload, nor when another address is typed: `beforeunload` cannot tell them from leaving.
 */
import { ask, closeDialogs } from "../ui/dialogs.js";

export class PageHistory {
  #route;
  #call;
  /** The address of the view that is shown. */
  #path = "";
  #asking = false;

  /**
   * @param {() => void} route  shows the view that belongs to the address
   * @param {{isOn: () => boolean, leave: () => void}} call  the one of the moment
   */
  constructor(route, call) {
    this.#route = route;
    this.#call = call;
  }

  start() {
    window.addEventListener("popstate", () => void this.#moved());
    this.#show();
  }

  /** To another view of this page. @param {string} path */
  async go(path) {
    if (this.#call.isOn() && !(await this.#mayLeave())) return;
    history.pushState(null, "", path);
    this.#show();
  }

  /** A call is on: from here on, back asks. */
  enter() {
    if (history.state?.place === "inside") return;
    history.replaceState({ place: "door" }, "");
    history.pushState({ place: "inside" }, "");
  }

  #show() {
    this.#route();
    this.#path = location.pathname;
  }

  async #moved() {
    const here = location.pathname === this.#path;
    const place = history.state?.place;
    if (here && place !== "door") {
      // The fragment has changed, or somebody went forward again: that is staying.
      if (place === "inside" && this.#asking) closeDialogs();
      return;
    }
    if (this.#call.isOn()) return this.#leaving();
    // The door of a call that is over is no place to stop at.
    if (here) return history.back();
    this.#show();
  }

  /** Back was pressed in a call; pressed once more, it may have led further than to the door. */
  async #leaving() {
    if (this.#asking) return;
    const path = this.#path;
    const leaves = await this.#mayLeave();
    const here = location.pathname === path;
    if (leaves || !this.#call.isOn()) {
      if (!here) return this.#show();
      if (!leaves) return; // The call has ended meanwhile, and the page says so.
      this.#call.leave();
      history.back();
    } else if (!here) history.pushState({ place: "inside" }, "", path);
    else if (history.state?.place === "door") history.forward();
  }

  async #mayLeave() {
    this.#asking = true;
    const choice = await ask({
      title: "Leave the meeting?",
      text: "The others go on without you. You can come back whenever you like.",
      choices: [
        { value: "leave", label: "Leave", look: "danger" },
        { value: "", label: "Stay" },
      ],
    });
    this.#asking = false;
    return choice === "leave";
  }
}
