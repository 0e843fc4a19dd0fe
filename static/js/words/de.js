/** German. The pages wait for it as one file (server/http/pages.py), and English ones do without. */
import { ATTENDANCE } from "./de/attendance.js";
import { CALL_TEST } from "./de/call-test.js";
import { CHAT } from "./de/chat.js";
import { ELSEWHERE } from "./de/elsewhere.js";
import { FAILURES } from "./de/failures.js";
import { FRONT } from "./de/front.js";
import { MEETING } from "./de/meeting.js";
import { MODERATION } from "./de/moderation.js";

/** @type {import("./catalogue.js").Texts} */
export const texts = { ...FRONT, ...MEETING, ...CHAT, ...MODERATION, ...CALL_TEST, ...ATTENDANCE, ...FAILURES, ...ELSEWHERE };
