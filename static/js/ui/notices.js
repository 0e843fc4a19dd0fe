/**
 * The notices that say what happened and what to do, by the protocol's error codes and our own.
 *
 * @typedef {"home" | "rejoin" | "retry" | "create" | "use-here" | "attendance" | "records" | "login"} NoticeAction
 * @typedef {{view: "left" | "problem", icon: string, title: string, text: string, actions: NoticeAction[]}} Notice
 */
import { t } from "../words/words.js";

/** The prefix of an import's id. */
export const IMPORTED = "ZOOM-";

/** @type {Record<NoticeAction, string>} */
export const ACTION_LABELS = {
  home: t("Home"),
  rejoin: t("Rejoin"),
  retry: t("Try again"),
  create: t("Start it now"),
  "use-here": t("Use here"),
  attendance: t("See attendance"),
  records: t("All meetings"),
  login: t("Log in"),
};

/** @type {Record<string, (id: string) => Notice>} */
const NOTICES = {
  left: () => ({
    view: "left", icon: "leave", title: t("You left"),
    text: t("Your place is free again. Come back whenever you like."), actions: ["rejoin", "home"],
  }),
  unknown_meeting: (id) => ({
    view: "problem", icon: "search", title: t("There is no such meeting"),
    text: t("Nobody has started {id} yet. Check the ID for a typo, or start the meeting yourself and share its link.", { id }),
    actions: ["create", "home"],
  }),
  nothing_here: () => ({
    view: "problem", icon: "search", title: t("There is nothing here"),
    text: t("No page has this address. Check it for a typo, or go to the front page to start a meeting or to join one."), actions: ["home"],
  }),
  bad_link: () => ({
    view: "problem", icon: "search", title: t("This link is not complete"),
    text: t("A meeting ID has at least three letters (A to Z), digits or dashes, and nothing else. Ask whoever sent the link for a new one."), actions: ["home"],
  }),
  meeting_ended: () => ({
    view: "problem", icon: "clock", title: t("This meeting has ended"),
    text: t("The host ended it for everyone. To talk on, start a new one."), actions: ["home"],
  }),
  // The server tells only the bearer of the admin key whether an import with this ID exists.
  zoom_meeting: (id) => ({
    view: "problem", icon: "clock", title: t("Nobody can join this here"),
    text: t("{id} is an ID of what is held in Zoom. If it was imported, whoever has the admin key of this server can see who came.", { id }),
    actions: ["attendance", "home"],
  }),
  ended_by_me: () => ({
    view: "problem", icon: "check", title: t("You ended the meeting"),
    text: t("Everyone has left, and its link no longer lets people in."), actions: ["home"],
  }),
  meeting_full: () => ({
    view: "problem", icon: "people", title: t("This meeting is full"),
    text: t("There is no free place at the moment. Try again when someone has left, or ask the host."), actions: ["retry", "home"],
  }),
  meeting_locked: () => ({
    view: "problem", icon: "people", title: t("This meeting is locked"),
    text: t("The host lets nobody else in at the moment. Ask them, then try again."), actions: ["retry", "home"],
  }),
  replaced: () => ({
    view: "problem", icon: "tabs", title: t("You joined from another tab"),
    text: t("The meeting goes on there. You can also take it back to this tab."), actions: ["use-here", "home"],
  }),
  duplicate: () => ({
    view: "problem", icon: "tabs", title: t("You are in this meeting already"),
    text: t("It is open in another tab or window of yours."), actions: ["use-here", "home"],
  }),
  revoked: () => ({
    view: "problem", icon: "leave", title: t("You are no longer let in as who you were"),
    text: t("Whoever runs this server has revoked what this browser shows for who you are. You can come in as somebody new."), actions: ["rejoin", "home"],
  }),
  removed: () => ({
    view: "problem", icon: "leave", title: t("You were removed"),
    text: t("The host took you out of this meeting. If that was a mistake, ask them to let you back in."), actions: ["retry", "home"],
  }),
  denied: () => ({
    view: "problem", icon: "leave", title: t("You were not let in"),
    text: t("The host did not let you into this meeting. If that was a mistake, ask them, then knock again."), actions: ["retry", "home"],
  }),
  denied_for_good: () => ({
    view: "problem", icon: "leave", title: t("You were not let in"),
    text: t("You were turned away twice, and cannot ask again to be let into this meeting."), actions: ["home"],
  }),
  left_waiting: () => ({
    view: "left", icon: "leave", title: t("You no longer wait"),
    text: t("Nobody is asked to let you in any more. You can knock again whenever you like."), actions: ["retry", "home"],
  }),
  password_required: () => ({
    view: "problem", icon: "people", title: t("This meeting has a password"),
    text: t("Whoever invited you can tell you what it is."), actions: ["rejoin", "home"],
  }),
  unreachable: () => ({
    view: "problem", icon: "offline", title: t("The server cannot be reached"),
    text: t("Check your connection; the server may also be restarting. This page keeps trying by itself."), actions: ["retry", "home"],
  }),
  unavailable: () => ({
    view: "problem", icon: "clock", title: t("The server needs a moment"),
    text: t("It cannot let anyone in right now. This page keeps trying by itself."), actions: ["retry", "home"],
  }),
  rate_limited: () => ({
    view: "problem", icon: "clock", title: t("So many come from your network"),
    text: t("The server lets so many in at once, and a few at a time after that. This page keeps trying by itself."), actions: ["home"],
  }),
  not_host: () => ({
    view: "problem", icon: "people", title: t("Only the host sees who came"),
    text: t("That is whoever started the meeting, in the browser they started it with. If that was you, open this page there."), actions: ["home"],
  }),
  not_known: () => ({
    view: "problem", icon: "people", title: t("This server does not know you"),
    text: t("Only the host sees who came, and the server refused what this browser has to show for it. Perhaps another server runs at this address at the moment, or it was set up anew. Nothing is thrown away: try again when the right one is back."),
    actions: ["retry", "home"],
  }),
  bad_token: () => ({
    view: "problem", icon: "people", title: t("This server does not know you any more"),
    text: t("Perhaps another server runs at this address at the moment, or it was set up anew. Who you were is kept in this browser: try again when the right one is back."),
    actions: ["retry", "home"],
  }),
  token_expired: () => ({
    view: "problem", icon: "clock", title: t("Your login has expired"),
    text: t("Go back to where you opened this meeting, and open it there once more. Your place is kept for a moment."), actions: ["home"],
  }),
  bad_login: () => ({
    view: "problem", icon: "people", title: t("Your login was not accepted"),
    text: t("This server does not take what the application says of you. Open the meeting there once more; if that does not help, tell whoever runs it."),
    actions: ["home"],
  }),
  revoked_login: () => ({
    view: "problem", icon: "leave", title: t("You are no longer let in"),
    text: t("Whoever runs this server has revoked your login. Log in to the application again, or ask them."), actions: ["home"],
  }),
  expired_here: () => ({
    view: "problem", icon: "clock", title: t("Your login has expired"),
    text: t("Go back to where you opened this page, and open it there once more."), actions: ["home"],
  }),
  revoked_here: () => ({
    view: "problem", icon: "leave", title: t("You are no longer let in"),
    text: t("Whoever runs this server has revoked what this browser shows for who you are. If that was a mistake, ask them."), actions: ["home"],
  }),
  login_required: () => ({
    view: "problem", icon: "people", title: t("You need to log in first"),
    text: t("Only people who come from the application that this server belongs to are let in. Open the meeting there."), actions: ["home"],
  }),
  forbidden: () => ({
    view: "problem", icon: "people", title: t("Your login is for another meeting"),
    text: t("The application lets you into another meeting than this one. Open this meeting there, or check the link."), actions: ["home"],
  }),
  not_creator: () => ({
    view: "problem", icon: "people", title: t("You cannot start meetings here"),
    text: t("Whoever runs this server has others start them. Ask whoever invited you, or log in to the application first."), actions: ["home"],
  }),
  not_admin: () => ({
    view: "problem", icon: "people", title: t("Only the admin key opens this"),
    text: t("What is imported from Zoom is for whoever has the admin key of this server."), actions: ["home"],
  }),
  no_record: (id) => ({
    view: "problem", icon: "search", title: t("There is no record of this meeting"),
    text: t("Nobody has started {id}, or its record was deleted.", { id }), actions: ["home"],
  }),
  record_deleted: () => ({
    view: "problem", icon: "check", title: t("The record is deleted"),
    text: t("Nothing is kept of this meeting any more."), actions: ["home"],
  }),
  import_deleted: () => ({
    view: "problem", icon: "check", title: t("The import is deleted"),
    text: t("Nothing that was read from Zoom is kept here any more."), actions: ["records", "home"],
  }),
  record_unavailable: () => ({
    view: "problem", icon: "clock", title: t("The server needs a moment"),
    text: t("It cannot read the record right now. This page keeps trying by itself."), actions: ["retry", "home"],
  }),
  interrupted: () => ({
    view: "problem", icon: "offline", title: t("Something went wrong"),
    text: t("The connection was closed and cannot go on by itself. Rejoining usually helps."), actions: ["rejoin", "home"],
  }),
};

/** For those who have logged in with an application. @type {Record<string, string>} */
export const LOGIN_NOTICES = { bad_token: "bad_login", revoked: "revoked_login", token_expired: "token_expired" };

/** Notices after which the host may want to see the attendance. */
const AFTER_MEETING = new Set(["left", "ended_by_me", "meeting_ended"]);

/** Notices about a login that is not there, or not good any more. */
export const LOGGED_OUT = new Set(["login_required", "token_expired", "expired_here", "bad_login", "revoked_login"]);

/**
 * @param {string} code @param {string} id @param {{host?: boolean, login?: boolean}} [about]  `host`: of the meeting;
 *   `login`: there is a page to log in at
 * @returns {Notice}
 */
export function noticeOf(code, id, { host = false, login = false } = {}) {
  const inZoom = code === "unknown_meeting" && id.startsWith(IMPORTED);
  const notice = (NOTICES[inZoom ? "zoom_meeting" : code] ?? NOTICES.interrupted)(id);
  if (host && AFTER_MEETING.has(code)) notice.actions.splice(-1, 0, "attendance");
  if (login && LOGGED_OUT.has(code)) notice.actions.unshift("login");
  return notice;
}
