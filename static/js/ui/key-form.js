/** Asks for the admin key, and accepts only one that the server confirms. */
import { ReconveneError } from "../../sdk/errors.js";
import { hostedMeetings } from "../here/http-api.js";
import { fromTemplate, part, write } from "./dom.js";
import { problemText } from "./problems.js";
import { t } from "../words/words.js";

const WRONG = t("The server does not know this key. It is the one it was started with, as RECONVENE_ADMIN_KEY.");
/** The characters that a header can carry; keys have no others. */
const PLAIN = /^[\x20-\x7e]+$/;

export class KeyForm {
  element = fromTemplate("key-form");
  #accepted;

  /** @param {(key: string) => void} accepted  called with a valid key */
  constructor(accepted) {
    this.#accepted = accepted;
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#try();
    });
  }

  async #try() {
    const field = part(this.element, "key", HTMLInputElement);
    const button = part(this.element, "use", HTMLButtonElement);
    const key = field.value.trim();
    button.disabled = true;
    const wrong = key ? await refusal(key) : t("Enter the key.");
    button.disabled = false;
    write(part(this.element, "wrong"), wrong);
    field.setAttribute("aria-invalid", String(Boolean(wrong)));
    if (wrong) return field.focus();
    field.value = "";
    this.#accepted(key);
  }
}

/** @param {string} key @returns {Promise<string>} why it cannot be used, or "" */
async function refusal(key) {
  if (!PLAIN.test(key)) return WRONG;
  try {
    await hostedMeetings(key);
    return "";
  } catch (error) {
    if (!(error instanceof ReconveneError)) throw error;
    return error.code === "bad_token" ? WRONG : problemText(error);
  }
}
