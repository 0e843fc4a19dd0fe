/** The front door: start a meeting, join one by ID or link, or go back to an earlier one. */
import { HERE, meetingPage } from "../here/addresses.js";
import { createMeeting } from "../here/http-api.js";
import { enable, fromTemplate, part, write } from "../ui/dom.js";
import { findMeeting, isUnknown } from "../ui/find-meeting.js";
import { meetingId, readMeeting } from "../ui/links.js";
import { MeetingList } from "./meeting-list.js";
import { t } from "../words/words.js";
import { problemText } from "../ui/problems.js";

const INVALID = t("A meeting ID has at least three letters (A to Z), digits or dashes, such as ABC123, and nothing else.");

export class HomeView {
  name = "lobby";
  title = "Reconvene";
  element = fromTemplate("lobby");
  #identity;
  #invites;
  #meetings;
  #go;
  #watch = new AbortController();

  /**
   * @param {import("../here/identity.js").Identity} identity @param {import("../here/invites.js").Invites} invites
   * @param {import("../here/storage.js").PageStorage} storage @param {(path: string) => void} go
   */
  constructor(identity, invites, storage, go) {
    this.#identity = identity;
    this.#invites = invites;
    this.#meetings = new MeetingList(part(this.element, "meetings"), identity, storage);
    // Do not leave a view that was opened meanwhile.
    this.#go = (/** @type {string} */ path) => this.#watch.signal.aborted || go(path);
  }

  start() {
    const { signal } = this.#watch;
    const name = part(this.element, "name", HTMLInputElement);
    name.value = this.#identity.name;
    name.addEventListener("input", () => (this.#identity.name = name.value.trim()), { signal });
    name.addEventListener("keydown", (event) => this.#entered(event), { signal });
    this.#onSubmit("create", "create-error", () => this.#create());
    this.#onSubmit("join", "join-error", () => this.#join());
    this.#meetings.start();
  }

  stop() {
    this.#meetings.stop();
    this.#watch.abort();
  }

  /** The name belongs to both forms: Enter joins the meeting with the ID given, or else starts a new one. @param {KeyboardEvent} event */
  #entered({ key, isComposing }) {
    if (key !== "Enter" || isComposing) return;
    const id = part(this.element, "id", HTMLInputElement).value.trim();
    part(this.element, id ? "join" : "create", HTMLFormElement).requestSubmit();
  }

  /** @returns {Promise<string>} what is wrong, or "" */
  async #create() {
    const own = part(this.element, "own-id", HTMLInputElement).value;
    const title = part(this.element, "title", HTMLInputElement).value.trim();
    const meeting = own.trim() ? meetingId(own) : undefined;
    if (meeting === null) return INVALID;
    const { id } = await this.#identity.with((token) => createMeeting(token, { ...(meeting && { meeting }), ...(title && { title }) }));
    this.#go(meetingPage(id));
    return "";
  }

  /** @returns {Promise<string | Node>} */
  async #join() {
    const field = part(this.element, "id", HTMLInputElement);
    const meant = readMeeting(field.value, HERE);
    const id = meant && "meeting" in meant ? meant.meeting : null;
    const found = id && (await find(id));
    field.setAttribute("aria-invalid", String(!found));
    if (found && meant && "invite" in meant && meant.invite) this.#invites.keep(found, meant.invite);
    if (found) this.#go(meetingPage(found));
    else field.focus();
    if (!field.value.trim()) return t("Enter the ID or the link you were given.");
    if (meant && "elsewhere" in meant) return leadsTo(meant.elsewhere);
    if (!id) return INVALID;
    return found ? "" : t("There is no meeting {id}. Check the ID, or start a new one.", { id });
  }

  /** @param {string} form @param {string} error @param {() => Promise<string | Node>} run  what is wrong, or "" */
  #onSubmit(form, error, run) {
    const element = part(this.element, form, HTMLFormElement);
    const button = element.querySelector("button");
    element.addEventListener("submit", async (event) => {
      event.preventDefault();
      // Enter in the name field submits even while the button is disabled.
      if (button?.disabled) return;
      if (button) enable(button, false);
      try {
        const wrong = await run();
        if (typeof wrong === "string") write(part(this.element, error), wrong);
        else part(this.element, error).replaceChildren(wrong);
      } catch (problem) {
        write(part(this.element, error), problemText(problem));
      }
      if (button) enable(button, true);
    });
  }
}

/** @param {URL} url  a pasted link to another server @returns {Node} */
function leadsTo(url) {
  const words = document.createDocumentFragment();
  const link = Object.assign(document.createElement("a"), { href: url.href, textContent: t("Go to {host}", { host: url.host }) });
  words.append(t("This link leads to another server."), " ", link);
  return words;
}

/** @param {string} id @returns {Promise<string | null>} null if there is none */
async function find(id) {
  try {
    return (await findMeeting(id)).id;
  } catch (error) {
    if (isUnknown(error)) return null;
    throw error;
  }
}
