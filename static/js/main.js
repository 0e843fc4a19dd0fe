/** The composition root: connects the parts, and shows the view for the address. */
import { HERE, HOME, attendancePage, meetingPage, ownPath, pathHere } from "./here/addresses.js";
import { carryLogin } from "./here/carried-login.js";
import { fragmentOf, takeFragment, withToken } from "./here/fragment.js";
import { Identity } from "./here/identity.js";
import { Invites } from "./here/invites.js";
import { offerLanguages } from "./ui/language-choice.js";
import { attendanceOf, readMeeting } from "./ui/links.js";
import { noticeOf } from "./ui/notices.js";
import { frameHere } from "./embed/frame.js";
import { PageHistory } from "./home/page-history.js";
import { TabSessionKeeper } from "./here/tab-session.js";
import { browserStorage, tabStorage } from "./here/storage.js";
import { Toasts } from "./ui/toasts.js";
import { Page } from "./ui/page.js";
import { underway } from "./ui/underway.js";
import { askWhoToBe } from "./home/unknown-here.js";
import { HomeView } from "./home/view.js";
import { NoticeView } from "./ui/notice-page.js";
import { Visit } from "./meeting/visit.js";
import { translatePage } from "./words/page-texts.js";
import { t } from "./words/words.js";

translatePage();

const page = new Page();
const frame = frameHere(takeFromAround);
const toasts = new Toasts(/** @type {HTMLElement} */ (document.getElementById("toasts")));
const identity = new Identity(browserStorage, tabStorage, askWhoToBe);
const tabSessions = new TabSessionKeeper(tabStorage);
const invites = new Invites(tabStorage);

/** The addresses of this page's views; others, such as a meeting's attendance, are pages of their own. */
const VIEWS = /^\/(?:m\/([^/]+)\/?)?$/i;

/** @type {Visit | null} */
let visit = null;

const call = { isOn: () => visit?.isInCall ?? false, leave: () => visit?.leave() };
const pages = new PageHistory(route, call);
const go = (/** @type {string} */ path) => void pages.go(path);

function route() {
  underway(true);
  visit?.stop();
  visit = null;
  const show = (/** @type {import("./ui/page.js").View} */ view) => {
    page.show(view);
    frame?.shown(visit);
  };
  const report = attendanceOf(pathHere(), HERE);
  if (report) return location.replace(withToken(attendancePage(report), identity.login.token));
  const known = pathHere().match(VIEWS);
  if (!known) return show(new NoticeView(noticeOf("nothing_here", ""), () => go(HOME)));
  const asked = known[1];
  if (!asked) return show(new HomeView(identity, invites, browserStorage, go));
  const id = meetingHere();
  if (!id) return show(new NoticeView(noticeOf("bad_link", asked), () => go(HOME)));
  if (location.pathname !== meetingPage(id)) history.replaceState(null, "", meetingPage(id));
  visit = new Visit(id, { identity, invites, tabSessions, toasts, storage: browserStorage, show, go, meant: (other) => meant(id, other), enter: () => pages.enter() });
  void visit.start();
}

/** The address means a meeting with an ID that is written in another way. @param {string} written @param {string} id */
function meant(written, id) {
  const invite = invites.of(written);
  if (invite) invites.keep(id, invite);
  history.replaceState(null, "", meetingPage(id));
  route();
}

/** The meeting in the address; "" if there is none. */
function meetingHere() {
  const found = readMeeting(pathHere(), HERE);
  return found && "meeting" in found ? found.meeting : "";
}

/** Takes what the link says besides the meeting. @returns {boolean} whether it says anything that the page has to begin anew with */
function takeFromLink() {
  const { token, invite } = takeFragment();
  if (invite) invites.keep(meetingHere(), invite);
  if (token && visit?.bearer.renew(token, visit.meeting)) return Boolean(invite) && !call.isOn();
  if (!call.isOn()) identity.login.take(token);
  // Nobody becomes somebody else in a call.
  else if (token) toasts.show(t("That link has the login of somebody else. It was not used: in this call you stay who you are."));
  return Boolean(token || invite) && !call.isOn();
}

/** The page around this one says who the user is. @param {string} token @returns {boolean} whether it is taken */
function takeFromAround(token) {
  if (visit?.bearer.renew(token, visit.meeting)) return true;
  if (call.isOn()) return false;
  identity.login.take(token);
  identity.login.unseen = false;
  route();
  return true;
}

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link || link.target || !VIEWS.test(ownPath(link.pathname) ?? "") || link.origin !== location.origin || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go(link.pathname);
});
window.addEventListener("startfailure", () => visit?.stop());

// Restored from the back/forward cache: as with a restored tab, nobody goes live without being asked.
window.addEventListener("pageshow", ({ persisted }) => persisted && visit?.meeting && route());

// For debugging: the current meeting.
Object.defineProperty(window, "reconvene", {
  value: Object.freeze({
    get meeting() {
      return visit?.meeting ?? null;
    },
    /** For a page of the same origin around this one: how to ask the application for a token. */
    set getToken(/** @type {import("./here/login.js").GetToken | null} */ getToken) {
      identity.login.getToken = getToken;
    },
  }),
});

offerLanguages(() => fragmentOf({ token: identity.login.token, invite: invites.of(meetingHere()) }));
carryLogin(identity.login);
takeFromLink();
// Another link to this page was opened in the same tab.
window.addEventListener("hashchange", () => takeFromLink() && route());
frame?.start();
pages.start();
