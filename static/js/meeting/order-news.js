/** What becomes of the orders of those in charge, in words. */
import { ReconveneError } from "../../sdk/reconvene.js";
import { t } from "../words/words.js";
import { problemText } from "../ui/problems.js";

/** After how long an order that is not answered is said to be on its way. Milliseconds. */
const LONG = 3_000;

/** @typedef {(order: Promise<void>, done?: string) => Promise<string>} TellOrder  Says what went wrong, or `done`. Answers with what went wrong, or "". */

/** @param {import("../../sdk/reconvene.js").Meeting} meeting @param {import("../ui/toasts.js").Toasts} toasts @returns {TellOrder} */
export const tellingOrders = (meeting, toasts) => async (order, done = "") => {
  const late = setTimeout(() => toasts.show(t("That takes longer than usual; it is still being tried.")), LONG);
  try {
    await order;
    if (done) toasts.show(done);
    return "";
  } catch (error) {
    if (!(error instanceof ReconveneError)) throw error;
    // Whoever has left sees why.
    if (meeting.state !== "left") toasts.show(t("That did not work: {why}", { why: problemText(error) }));
    return problemText(error);
  } finally {
    clearTimeout(late);
  }
};
