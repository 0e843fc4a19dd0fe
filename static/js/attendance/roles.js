/** Labels for roles; a plain participant has none. @type {Record<import("./record.js").Person["role"], string>} */
import { t } from "../words/words.js";
export const ROLES = { host: t("Host"), cohost: t("Co-host"), panelist: t("Panelist"), participant: "" };
