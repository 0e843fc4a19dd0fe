/**
 * The page's addresses in the browser's history, and the question before the back button leaves a call.
 *
 * In a call the page is on a second entry with the same address, so that going back reaches the first one:
 *
 *     … │ lobby or another site │ /m/ABC "door" │ /m/ABC "inside" │
 *
 * A reload or a typed address is not questioned: `beforeunload` cannot tell a reload from leaving.
 */
import { ask, closeDialogs } from "../ui/dialogs.js";
import { t } from "../words/words.js";

export class PageHistory {
  #route;
  #call;
  /** The address of the current view. */
  #path = "";
  #asking = false;

  /**
   * @param {() => void} route  shows the view for the address
   * @param {{isOn: () => boolean, leave: () => void}} call  the current one
   */
  constructor(route, call) {
    this.#route = route;
    this.#call = call;
  }

  start() {
    window.addEventListener("popstate", () => void this.#moved());
    this.#show();
  }

  /** Goes to another view of this page. @param {string} path */
  async go(path) {
    if (this.#call.isOn() && !(await this.#mayLeave())) return;
    history.pushState(null, "", path);
    this.#show();
  }

  /** A call has begun: from now on, back asks first. */
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
      // The fragment changed, or the user went forward again: they stay.
      if (place === "inside" && this.#asking) closeDialogs();
      return;
    }
    if (this.#call.isOn()) return this.#leaving();
    // Skip the "door" entry of a call that is over.
    if (here) return history.back();
    this.#show();
  }

  /** Back was pressed in a call; repeated presses may have led beyond the "door" entry. */
  async #leaving() {
    if (this.#asking) return;
    const path = this.#path;
    const leaves = await this.#mayLeave();
    const here = location.pathname === path;
    if (leaves || !this.#call.isOn()) {
      if (!here) return this.#show();
      if (!leaves) return; // The call ended meanwhile, and the page says so.
      this.#call.leave();
      history.back();
    } else if (!here) history.pushState({ place: "inside" }, "", path);
    else if (history.state?.place === "door") history.forward();
  }

  async #mayLeave() {
    this.#asking = true;
    const choice = await ask({
      title: t("Leave the meeting?"),
      text: t("The others go on without you. You can come back whenever you like."),
      choices: [
        { value: "leave", label: t("Leave"), look: "danger" },
        { value: "", label: t("Stay") },
      ],
    });
    this.#asking = false;
    return choice === "leave";
  }
}
