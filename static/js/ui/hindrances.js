/** What prevents the connection, in words. */
import { t } from "../words/words.js";

/** @type {Record<import("../../sdk/reconvene.js").Snapshot["hindered"], string>} */
export const HINDRANCES = {
  "": "",
  away: t("The server cannot be reached. This page keeps trying by itself."),
  blocked: t("The server answers, but the connection that a meeting needs does not get through."),
  limited: t("So many come from your network that the server lets them in a few at a time. This page keeps trying by itself."),
};

/** Where nothing is known to, and there is no answer for so many milliseconds: most come much sooner. */
export const LONG = 3_000;
export const TAKES_TIME = t("The server takes its time. This page keeps trying by itself.");

/** More advice, where there is room for it. */
const WHY_BLOCKED =
  t("The server’s set-up, a proxy or something in this network blocks it. This page keeps trying; if that does not help, tell whoever runs the server.");

/** With advice. @param {import("../../sdk/reconvene.js").Snapshot["hindered"]} verdict */
export const hindranceText = (verdict) => (verdict === "blocked" ? `${HINDRANCES.blocked} ${WHY_BLOCKED}` : HINDRANCES[verdict]);
