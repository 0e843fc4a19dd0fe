/** What people write and show to each other in a meeting's view. */
import { tabStorage } from "../here/storage.js";
import { ChatDraft } from "./chat-draft.js";
import { ChatPanel } from "./chat-panel.js";
import { Reactions } from "./reactions.js";

/**
 * @param {HTMLElement} view  the meeting's @param {import("../../sdk/reconvene.js").Meeting} meeting
 * @param {import("../ui/toasts.js").Toasts} toasts @param {import("../here/storage.js").PageStorage} storage
 * @param {AbortSignal} signal  ends it
 */
export function startChat(view, meeting, toasts, storage, signal) {
  new ChatPanel(view, meeting, toasts, storage, new ChatDraft(tabStorage, meeting.id)).start(signal);
  new Reactions(view, meeting).start(signal);
}
