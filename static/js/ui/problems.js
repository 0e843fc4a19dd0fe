/**
 * What went wrong, in the reader's language.
 *
 * The server and the client library say it in English. Where there is no such text in another language, since it says more
 * than the code does, the code's own text is shown.
 */
import { language, said, t } from "../words/words.js";

/** As the server's table of errors has them. @type {Record<string, string>} */
const BY_CODE = {
  bad_message: t("The message could not be understood."),
  unknown_meeting: t("There is no meeting with this ID."),
  meeting_ended: t("The meeting has ended."),
  meeting_locked: t("The meeting is locked."),
  meeting_full: t("The meeting is full."),
  removed: t("You were removed from this meeting."),
  denied: t("You were not let in."),
  password_required: t("This meeting asks for a password."),
  wrong_password: t("This is not the meeting's password."),
  unknown_participant: t("Nobody else in the meeting has this ID."),
  unknown_message: t("There is no such message any more."),
  // Who may do it instead is in the text alone.
  forbidden: t("You may not do this here."),
  changed: t("The settings were changed meanwhile; look at them again."),
  bad_token: t("The token is not valid or has expired."),
  token_expired: t("The token has expired: a new one is needed."),
  revoked: t("These credentials have been revoked."),
  login_required: t("This server only lets in who has logged in with its application."),
  rate_limited: t("Too many messages; slow down."),
  busy: t("That is too much at once; send it again a little later."),
  unavailable: t("The server cannot do this right now; try again."),
  unreachable: t("The server cannot be reached."),
};

/** @param {unknown} problem  that was thrown, or told @returns {string} */
export function problemText(problem) {
  const { message, code = "" } = /** @type {{message?: unknown, code?: unknown}} */ (typeof problem === "object" && problem ? problem : { message: problem });
  const text = String(message ?? problem);
  const here = said(text);
  if (language === "en" || here !== text || !Object.hasOwn(BY_CODE, String(code))) return here;
  return BY_CODE[String(code)];
}
