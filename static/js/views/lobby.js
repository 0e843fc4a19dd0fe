/** The front door: start a meeting, join one by ID or link, or go back to a recent one. */
import { ApiError, createMeeting, getMeeting } from "../api.js";
import { fromTemplate, part, write } from "../dom.js";
import { meetingId, withDashes } from "../protocol.js";
import { forgetMeeting, recentMeetings } from "../recents.js";

const INVALID = "A meeting ID has at least three letters, digits or dashes, such as ABC123.";

export class Lobby {
  name = "lobby";
  title = "Reconvene";
  element = fromTemplate("lobby");
  #identity;
  #storage;
  #go;
  #watch = new AbortController();

  /**
   * @param {import("../identity.js").Identity} identity @param {Storage} storage
   * @param {(path: string) => void} go
   */
  constructor(identity, storage, go) {
    this.#identity = identity;
    this.#storage = storage;
    this.#go = go;
  }

  start() {
    const { signal } = this.#watch;
    const name = part(this.element, "name", HTMLInputElement);
    name.value = this.#identity.name;
    name.addEventListener("input", () => (this.#identity.name = name.value.trim()), { signal });
    this.#onSubmit("create", "create-error", () => this.#create());
    this.#onSubmit("join", "join-error", () => this.#join());
    this.#showRecents();
  }

  stop() {
    this.#watch.abort();
  }

  /** @returns {Promise<string>} what is wrong, or "" */
  async #create() {
    const own = part(this.element, "own-id", HTMLInputElement).value;
    const title = part(this.element, "title", HTMLInputElement).value.trim();
    const meeting = own.trim() ? meetingId(own) : undefined;
    if (meeting === null) return INVALID;
    const { id } = await this.#identity.with((token) => createMeeting(token, { ...(meeting && { meeting }), ...(title && { title }) }));
    this.#go(`/m/${id}`);
    return "";
  }

  /** @returns {Promise<string>} */
  async #join() {
    const field = part(this.element, "id", HTMLInputElement);
    const id = meetingId(field.value);
    const found = id && (await find(id));
    field.setAttribute("aria-invalid", String(!found));
    if (found) this.#go(`/m/${found}`);
    else field.focus();
    if (!field.value.trim()) return "Enter the ID or the link you were given.";
    if (!id) return INVALID;
    return found ? "" : `There is no meeting ${id}. Check the ID, or start a new one.`;
  }

  /** @param {string} form @param {string} error @param {() => Promise<string>} run  what is wrong, or "" */
  #onSubmit(form, error, run) {
    const element = part(this.element, form, HTMLFormElement);
    const button = element.querySelector("button");
    element.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (button) button.disabled = true;
      try {
        write(part(this.element, error), await run());
      } catch (problem) {
        write(part(this.element, error), problem instanceof ApiError ? problem.message : String(problem));
      }
      if (button) button.disabled = false;
    });
  }

  #showRecents() {
    const recents = recentMeetings(this.#storage);
    part(this.element, "recent").hidden = recents.length === 0;
    part(this.element, "recents").replaceChildren(
      ...recents.map(({ id, title, at }) => {
        const item = fromTemplate("recent-item");
        part(item, "link", HTMLAnchorElement).href = `/m/${id}`;
        write(part(item, "label"), title || id);
        write(part(item, "when"), title ? `${id} · ${ago(at)}` : ago(at));
        const forget = part(item, "forget");
        forget.setAttribute("aria-label", `Forget ${title || id}`);
        forget.addEventListener("click", () => {
          forgetMeeting(this.#storage, id);
          this.#showRecents();
        });
        return item;
      }),
    );
  }
}

/** Generated ids are shown with dashes, and typed without. @param {string} id @returns {Promise<string | null>} */
async function find(id) {
  for (const candidate of [id, withDashes(id)]) {
    if (!candidate) continue;
    try {
      return (await getMeeting(candidate)).id;
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "unknown_meeting") throw error;
    }
  }
  return null;
}

/** @param {number} at  milliseconds since the epoch */
function ago(at) {
  const minutes = (at - Date.now()) / 60_000;
  if (minutes > -1) return "just now";
  const format = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  if (minutes > -60) return format.format(Math.round(minutes), "minute");
  if (minutes > -1440) return format.format(Math.round(minutes / 60), "hour");
  return format.format(Math.round(minutes / 1440), "day");
}
