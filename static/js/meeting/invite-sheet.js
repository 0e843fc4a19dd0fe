/** How others find this meeting: its link, copied, shared or as a QR code, and its ID to be read aloud. */
import { meetingLink, qrCode } from "../here/addresses.js";
import { CopyField } from "../ui/copy-field.js";
import { modal } from "../ui/dialogs.js";
import { fromTemplate, part } from "../ui/dom.js";
import { readAloud } from "../ui/links.js";
import { t } from "../words/words.js";

/** @param {import("../../sdk/reconvene.js").Meeting} meeting */
export async function showInvite(meeting) {
  const element = fromTemplate("invite");
  const watch = new AbortController();
  const { signal } = watch;
  const url = meetingLink(meeting.id);
  const title = meeting.getSnapshot().title || meeting.id;
  /** @type {[string, string][]} */
  const fields = [["link-field", url], ["id-field", readAloud(meeting.id)]];
  for (const [name, text] of fields) {
    const field = new CopyField(part(element, name));
    field.start(signal);
    field.set(text);
  }
  const qr = part(element, "qr", HTMLImageElement);
  qr.addEventListener("error", () => (qr.hidden = true), { signal });
  qr.src = qrCode(meeting.id);
  const share = part(element, "share");
  const mail = part(element, "mail", HTMLAnchorElement);
  share.hidden = !("share" in navigator);
  mail.hidden = !share.hidden;
  mail.href = `mailto:?${parameters({ subject: title, body: url })}`;
  // Whoever shares with nobody has not failed.
  share.addEventListener("click", () => void navigator.share({ title, url }).catch(() => {}), { signal });
  await modal(element);
  watch.abort();
}

/** @param {string} id  of a meeting @param {import("../ui/toasts.js").Toasts} toasts */
export async function copyLink(id, toasts) {
  const link = meetingLink(id);
  try {
    // Without https there is no clipboard at all.
    await navigator.clipboard.writeText(link);
    toasts.show(t("Link copied"));
  } catch {
    toasts.show(t("Copying was not allowed. The link is {link}", { link }));
  }
}

/** Programs for mail show a plus as a plus, not as a space. @param {Record<string, string>} fields */
const parameters = (fields) => Object.entries(fields).map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
