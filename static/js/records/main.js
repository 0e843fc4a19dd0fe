/** The page of recorded meetings: asks for the admin key, lists the meetings, and imports webinars from Zoom. */
import { AdminKey } from "../ui/admin-key.js";
import { ReconveneError } from "../../sdk/errors.js";
import { part } from "../ui/dom.js";
import { Identity } from "../here/identity.js";
import { KeyForm } from "../ui/key-form.js";
import { offerLanguages } from "../ui/language-choice.js";
import { browserStorage, tabStorage } from "../here/storage.js";
import { underway } from "../ui/underway.js";
import { RecordList } from "./record-list.js";
import { SyncPanel } from "./sync-panel.js";
import { translatePage } from "../words/page-texts.js";
import { t } from "../words/words.js";

translatePage();
offerLanguages(() => "");

const view = /** @type {HTMLElement} */ (document.getElementById("view"));
const identity = new Identity(browserStorage, tabStorage, async () => "");
const key = new AdminKey(tabStorage);

const UNKNOWN =
  t("This server does not know who this browser is. Perhaps another one runs at this address at the moment, or it was set up anew: what you host is shown again when the right one is back.");

/** @type {RecordList | null} */
let list = null;
/** @type {SyncPanel | null} */
let panel = null;

/** Shows what the current key or identity may see. */
function open() {
  list?.stop();
  panel?.stop();
  panel = null;
  const token = key.value ?? identity.token;
  part(view, "lead").textContent = key.value
    ? t("Meetings that were held here, and webinars imported from Zoom.")
    : token ? t("Those you host, in the browser you started them with.") : t("This browser has started no meeting here.");
  part(view, "with-key").hidden = key.value === undefined;
  part(view, "without-key").hidden = key.value !== undefined;
  list = new RecordList(part(view, "list"), token);
  list.on("refused", refused);
  list.start();
  part(view, "zoom").hidden = true;
  if (key.value === undefined) return;
  panel = new SyncPanel(part(view, "zoom"), key.value);
  panel.on("read", () => list?.ask());
  panel.start();
}

/** @param {{error: ReconveneError}} refusal */
async function refused({ error }) {
  if (error.code !== "bad_token") return;
  if (key.value === undefined) {
    if (await identity.recall()) return open();
    part(view, "lead").textContent = UNKNOWN;
    part(view, "list").hidden = true;
    return;
  }
  // The server's key has changed.
  key.forget();
  open();
}

const form = new KeyForm((given) => {
  key.remember(given);
  open();
  part(view, "heading").focus();
});
part(view, "key-form").append(form.element);
part(view, "forget-key").addEventListener("click", () => {
  key.forget();
  open();
  part(form.element, "key").focus();
});
open();
underway(false);
