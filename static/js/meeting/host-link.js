/** The host link: by it the host is host again in another browser, once. Each new one makes the one before void. */
import { makeInvite } from "../here/http-api.js";
import { CopyField } from "../ui/copy-field.js";
import { modal } from "../ui/dialogs.js";
import { enable, fromTemplate, part, write } from "../ui/dom.js";
import { problemText } from "../ui/problems.js";

/** @param {import("../../sdk/reconvene.js").Meeting} meeting @param {import("./bearer.js").Bearer} bearer */
export async function showHostLink(meeting, bearer) {
  const element = fromTemplate("host-link");
  const watch = new AbortController();
  const field = new CopyField(part(element, "made"));
  const button = part(element, "make", HTMLButtonElement);
  field.start(watch.signal);
  button.addEventListener("click", async () => {
    enable(button, false);
    write(part(element, "error"), "");
    try {
      const { url } = await bearer.with((token) => makeInvite(token, meeting.id, { role: "host", uses: 1, expires_at: null }));
      field.show(url);
    } catch (problem) {
      write(part(element, "error"), problemText(problem));
    }
    enable(button, true);
  }, { signal: watch.signal });
  await modal(element);
  watch.abort();
}
