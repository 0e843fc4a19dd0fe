/** Shows the security code of the connection to somebody, to be read out. */
import { modal } from "../ui/dialogs.js";
import { fromTemplate, part, write } from "../ui/dom.js";
import { t } from "../words/words.js";

/** @param {import("../../sdk/reconvene.js").Meeting} meeting @param {{id: string, name: string}} participant */
export async function showSecurityCode(meeting, { id, name }) {
  const element = fromTemplate("security-code");
  const watch = new AbortController();
  const show = async () => {
    const code = await meeting.securityCode(id);
    write(part(element, "code"), code || t("There is no connection at the moment."));
  };
  write(part(element, "title"), t("Security code with {name}", { name }));
  write(part(element, "how"), t("Have {name} open this about you, and read the code out to each other.", { name }));
  // Another connection has another code.
  meeting.on("participantChanged", (changed) => changed.id === id && void show(), { signal: watch.signal });
  meeting.on("participantLeft", ({ participant }) => participant.id === id && void show(), { signal: watch.signal });
  void show();
  await modal(element);
  watch.abort();
}
