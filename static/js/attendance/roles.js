/** Labels for roles; a plain participant has none. @type {Record<import("./record.js").Person["role"], string>} */
export const ROLES = { host: "Host", cohost: "Co-host", panelist: "Panelist", participant: "" };
