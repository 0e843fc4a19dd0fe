/** Who was removed from the meeting, for those in charge, who may let them back in. */
import { getRemoved } from "../here/http-api.js";
import { fromTemplate, part, write } from "../ui/dom.js";
import { dateTime } from "../ui/times.js";
import { t } from "../words/words.js";
import { problemText } from "../ui/problems.js";

const BACK = { never: t("may not come back"), knock: t("has to be let in") };

export class RemovedPeople {
  #element;
  #meeting;
  #bearer;
  #tell;
  #watch = new AbortController();

  /** @param {Element} element  a <details> @param {import("../../sdk/reconvene.js").Meeting} meeting @param {import("./bearer.js").Bearer} bearer @param {(order: Promise<void>) => Promise<string>} tell  says what went wrong */
  constructor(element, meeting, bearer, tell) {
    this.#element = element;
    this.#meeting = meeting;
    this.#bearer = bearer;
    this.#tell = tell;
  }

  start() {
    const { signal } = this.#watch;
    this.#element.addEventListener("toggle", () => this.#element.hasAttribute("open") && this.#list(), { signal });
  }

  stop() {
    this.#watch.abort();
  }

  async #list() {
    const error = part(this.#element, "removed-error");
    write(error, "");
    try {
      const people = await this.#bearer.with((token) => getRemoved(token, this.#meeting.id));
      part(this.#element, "removed-list").replaceChildren(...people.map((person) => this.#item(person)));
      part(this.#element, "nobody-removed").hidden = people.length > 0;
    } catch (problem) {
      write(error, problemText(problem));
    }
  }

  /** @param {import("../here/http-api.js").Removed} person */
  #item({ id, name, back, at }) {
    const item = fromTemplate("removed-item");
    item.dataset.participantId = id;
    write(part(item, "name"), name);
    write(part(item, "state"), `${BACK[back]}, ${t("since {date}", { date: dateTime(Date.parse(at)) })}`);
    const readmit = part(item, "readmit");
    readmit.setAttribute("aria-label", t("Let back in: {name}", { name }));
    readmit.addEventListener("click", () => void this.#readmit(id));
    return item;
  }

  /** @param {string} id */
  async #readmit(id) {
    if (await this.#tell(this.#meeting.moderate.readmit(id))) return;
    const item = this.#element.querySelector(`[data-participant-id="${id}"]`);
    if (!item) return;
    const name = part(item, "name").textContent;
    const focused = item.contains(document.activeElement);
    item.remove();
    if (focused) this.#element.querySelector("summary")?.focus();
    write(part(this.#element, "removed-state"), t("{name} may come back.", { name: name ?? "" }));
    part(this.#element, "nobody-removed").hidden = this.#element.querySelector("li") !== null;
  }
}
