/**
 * The notices that say what happened and what to do, by the protocol's error codes and our own.
 *
 * @typedef {"home" | "rejoin" | "retry" | "create" | "use-here" | "attendance" | "records"} NoticeAction
 * @typedef {{view: "left" | "problem", icon: string, title: string, text: string, actions: NoticeAction[]}} Notice
 */

/** The prefix of an import's id. */
export const IMPORTED = "ZOOM-";

/** @type {Record<NoticeAction, string>} */
export const ACTION_LABELS = {
  home: "Home",
  rejoin: "Rejoin",
  retry: "Try again",
  create: "Start it now",
  "use-here": "Use here",
  attendance: "See attendance",
  records: "All meetings",
};

/** @type {Record<string, (id: string) => Notice>} */
const NOTICES = {
  left: () => ({
    view: "left", icon: "leave", title: "You left",
    text: "Your place is free again. Come back whenever you like.", actions: ["rejoin", "home"],
  }),
  unknown_meeting: (id) => ({
    view: "problem", icon: "search", title: "There is no such meeting",
    text: `Nobody has started ${id} yet. Check the ID for a typo, or start the meeting yourself and share its link.`,
    actions: ["create", "home"],
  }),
  nothing_here: () => ({
    view: "problem", icon: "search", title: "There is nothing here",
    text: "No page has this address. Check it for a typo, or go to the front page to start a meeting or to join one.", actions: ["home"],
  }),
  bad_link: () => ({
    view: "problem", icon: "search", title: "This link is not complete",
    text: "A meeting ID has at least three letters (A to Z), digits or dashes, and nothing else. Ask whoever sent the link for a new one.", actions: ["home"],
  }),
  meeting_ended: () => ({
    view: "problem", icon: "clock", title: "This meeting has ended",
    text: "The host ended it for everyone. To talk on, start a new one.", actions: ["home"],
  }),
  // The server tells only the bearer of the admin key whether an import with this ID exists.
  zoom_meeting: (id) => ({
    view: "problem", icon: "clock", title: "Nobody can join this here",
    text: `${id} is an ID of what is held in Zoom. If it was imported, whoever has the admin key of this server can see who came.`,
    actions: ["attendance", "home"],
  }),
  ended_by_me: () => ({
    view: "problem", icon: "check", title: "You ended the meeting",
    text: "Everyone has left, and its link no longer lets people in.", actions: ["home"],
  }),
  meeting_full: () => ({
    view: "problem", icon: "people", title: "This meeting is full",
    text: "There is no free place at the moment. Try again when someone has left, or ask the host.", actions: ["retry", "home"],
  }),
  meeting_locked: () => ({
    view: "problem", icon: "people", title: "This meeting is locked",
    text: "The host lets nobody else in at the moment. Ask them, then try again.", actions: ["retry", "home"],
  }),
  replaced: () => ({
    view: "problem", icon: "tabs", title: "You joined from another tab",
    text: "The meeting goes on there. You can also take it back to this tab.", actions: ["use-here", "home"],
  }),
  duplicate: () => ({
    view: "problem", icon: "tabs", title: "You are in this meeting already",
    text: "It is open in another tab or window of yours.", actions: ["use-here", "home"],
  }),
  revoked: () => ({
    view: "problem", icon: "leave", title: "You are no longer let in as who you were",
    text: "Whoever runs this server has revoked what this browser shows for who you are. You can come in as somebody new.", actions: ["rejoin", "home"],
  }),
  removed: () => ({
    view: "problem", icon: "leave", title: "You were removed",
    text: "The host took you out of this meeting. If that was a mistake, ask them to let you back in.", actions: ["retry", "home"],
  }),
  denied: () => ({
    view: "problem", icon: "leave", title: "You were not let in",
    text: "The host did not let you into this meeting. If that was a mistake, ask them, then knock again.", actions: ["retry", "home"],
  }),
  denied_for_good: () => ({
    view: "problem", icon: "leave", title: "You were not let in",
    text: "You were turned away twice, and cannot ask again to be let into this meeting.", actions: ["home"],
  }),
  left_waiting: () => ({
    view: "left", icon: "leave", title: "You no longer wait",
    text: "Nobody is asked to let you in any more. You can knock again whenever you like.", actions: ["retry", "home"],
  }),
  password_required: () => ({
    view: "problem", icon: "people", title: "This meeting has a password",
    text: "Whoever invited you can tell you what it is.", actions: ["rejoin", "home"],
  }),
  unreachable: () => ({
    view: "problem", icon: "offline", title: "The server cannot be reached",
    text: "Check your connection; the server may also be restarting. This page keeps trying by itself.", actions: ["retry", "home"],
  }),
  unavailable: () => ({
    view: "problem", icon: "clock", title: "The server needs a moment",
    text: "It cannot let anyone in right now. This page keeps trying by itself.", actions: ["retry", "home"],
  }),
  rate_limited: () => ({
    view: "problem", icon: "clock", title: "So many come from your network",
    text: "The server lets so many in at once, and a few at a time after that. This page keeps trying by itself.", actions: ["home"],
  }),
  not_host: () => ({
    view: "problem", icon: "people", title: "Only the host sees who came",
    text: "That is whoever started the meeting, in the browser they started it with. If that was you, open this page there.", actions: ["home"],
  }),
  not_known: () => ({
    view: "problem", icon: "people", title: "This server does not know you",
    text: "Only the host sees who came, and the server refused what this browser has to show for it. Perhaps another server runs at this address at the moment, or it was set up anew. Nothing is thrown away: try again when the right one is back.",
    actions: ["retry", "home"],
  }),
  bad_token: () => ({
    view: "problem", icon: "people", title: "This server does not know you any more",
    text: "Perhaps another server runs at this address at the moment, or it was set up anew. Who you were is kept in this browser: try again when the right one is back.",
    actions: ["retry", "home"],
  }),
  token_expired: () => ({
    view: "problem", icon: "clock", title: "Your login has expired",
    text: "Go back to where you opened this meeting, and open it there once more. Your place is kept for a moment.", actions: ["home"],
  }),
  bad_login: () => ({
    view: "problem", icon: "people", title: "Your login was not accepted",
    text: "This server does not take what the application says of you. Open the meeting there once more; if that does not help, tell whoever runs it.",
    actions: ["home"],
  }),
  revoked_login: () => ({
    view: "problem", icon: "leave", title: "You are no longer let in",
    text: "Whoever runs this server has revoked your login. Log in to the application again, or ask them.", actions: ["home"],
  }),
  login_required: () => ({
    view: "problem", icon: "people", title: "You need to log in first",
    text: "Only people who come from the application that this server belongs to are let in. Open the meeting there.", actions: ["home"],
  }),
  forbidden: () => ({
    view: "problem", icon: "people", title: "Your login is for another meeting",
    text: "The application lets you into another meeting than this one. Open this meeting there, or check the link.", actions: ["home"],
  }),
  not_creator: () => ({
    view: "problem", icon: "people", title: "You cannot start meetings here",
    text: "Whoever runs this server has others start them. Ask whoever invited you, or log in to the application first.", actions: ["home"],
  }),
  not_admin: () => ({
    view: "problem", icon: "people", title: "Only the admin key opens this",
    text: "What is imported from Zoom is for whoever has the admin key of this server.", actions: ["home"],
  }),
  no_record: (id) => ({
    view: "problem", icon: "search", title: "There is no record of this meeting",
    text: `Nobody has started ${id}, or its record was deleted.`, actions: ["home"],
  }),
  record_deleted: () => ({
    view: "problem", icon: "check", title: "The record is deleted",
    text: "Nothing is kept of this meeting any more.", actions: ["home"],
  }),
  import_deleted: () => ({
    view: "problem", icon: "check", title: "The import is deleted",
    text: "Nothing that was read from Zoom is kept here any more.", actions: ["records", "home"],
  }),
  record_unavailable: () => ({
    view: "problem", icon: "clock", title: "The server needs a moment",
    text: "It cannot read the record right now. This page keeps trying by itself.", actions: ["retry", "home"],
  }),
  interrupted: () => ({
    view: "problem", icon: "offline", title: "Something went wrong",
    text: "The connection was closed and cannot go on by itself. Rejoining usually helps.", actions: ["rejoin", "home"],
  }),
};

/** Notices after which the host may want to see the attendance. */
const AFTER_MEETING = new Set(["left", "ended_by_me", "meeting_ended"]);

/** @param {string} code @param {string} id @param {boolean} [host]  of the meeting @returns {Notice} */
export function noticeOf(code, id, host = false) {
  const inZoom = code === "unknown_meeting" && id.startsWith(IMPORTED);
  const notice = (NOTICES[inZoom ? "zoom_meeting" : code] ?? NOTICES.interrupted)(id);
  if (host && AFTER_MEETING.has(code)) notice.actions.splice(-1, 0, "attendance");
  return notice;
}
