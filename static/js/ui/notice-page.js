/** A view that says what happened, and what to do. */
import { fromTemplate, part, write } from "./dom.js";
import { ACTION_LABELS } from "./notices.js";

export class NoticeView {
  name;
  title;
  element = fromTemplate("notice");

  /**
   * @param {import("./notices.js").Notice} notice
   * @param {(action: import("./notices.js").NoticeAction) => void} run
   */
  constructor(notice, run) {
    this.name = notice.view;
    this.title = `${notice.title} · Reconvene`;
    part(this.element, "icon", SVGUseElement).setAttribute("href", `#i-${notice.icon}`);
    write(part(this.element, "title"), notice.title);
    write(part(this.element, "text"), notice.text);
    part(this.element, "actions").append(
      ...notice.actions.map((action, index) => {
        const button = document.createElement("button");
        button.className = index === 0 ? "button primary" : "button";
        button.textContent = ACTION_LABELS[action];
        button.addEventListener("click", () => run(action));
        return button;
      }),
    );
  }

  /** What the record has of the user. @param {string} text */
  tell(text) {
    write(part(this.element, "record"), text);
  }

  start() {}

  stop() {}
}
