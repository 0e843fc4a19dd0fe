/** The menu of how to look at the meeting: grid or speaker, full screen, a picture in a window of its own. */
import { part, write } from "../ui/dom.js";
import { canFillScreen, turnFullScreen } from "./full-screen.js";
import { place } from "./person-menu.js";
import { t } from "../words/words.js";

export class ViewMenu {
  #menu;
  #stage;
  #button;

  /** @param {HTMLElement} view  the meeting's @param {import("./stage.js").Stage} stage */
  constructor(view, stage) {
    this.#stage = stage;
    this.#menu = part(view, "views-menu");
    this.#button = part(view, "views");
    this.#menu.addEventListener("beforetoggle", () => this.#update());
    this.#menu.addEventListener("toggle", (event) => event.newState === "open" && place(this.#menu, this.#button));
    part(this.#menu, "full-screen").hidden = !canFillScreen();
    part(this.#menu, "floating").hidden = !stage.pictureInPicture.possible;
  }

  /** What the buttons of the stage, the menu and the keys do. */
  commands = {
    view: () => this.#done(() => this.#stage.choice.turn()),
    previous: () => this.#stage.choice.turnPage(-1),
    next: () => this.#stage.choice.turnPage(1),
    "full-screen": () => this.#done(() => void turnFullScreen(document.documentElement)),
    floating: () => this.#done(() => void this.#stage.pictureInPicture.toggle()),
  };

  #update() {
    write(part(this.#menu, "view"), this.#stage.choice.view === "grid" ? t("Speaker view") : t("Grid view"));
    write(part(this.#menu, "full-screen"), document.fullscreenElement ? t("Leave full screen") : t("Full screen"));
    part(this.#menu, "floating").setAttribute("aria-pressed", String(this.#stage.pictureInPicture.open));
  }

  /** @param {() => void} act */
  #done(act) {
    this.#menu.hidePopover(); // returns the focus
    act();
  }
}
