/** The attendance page: connects its parts, and shows the record of the meeting in the address, or why it cannot. */
import { HERE, HOME, RECORDS, attendancePage, meetingLink, pathHere } from "../here/addresses.js";
import { AdminKey } from "../ui/admin-key.js";
import { ReconveneError } from "../../sdk/errors.js";
import { deleteMeeting, downloadAttendance, getAbsent } from "../here/http-api.js";
import { ask } from "../ui/dialogs.js";
import { part } from "../ui/dom.js";
import { carryLogin } from "../here/carried-login.js";
import { fragmentOf, takeFragment, withToken } from "../here/fragment.js";
import { loginAddress } from "../here/login-address.js";
import { Identity } from "../here/identity.js";
import { KeyForm } from "../ui/key-form.js";
import { offerLanguages } from "../ui/language-choice.js";
import { readMeeting, withDashes } from "../ui/links.js";
import { IMPORTED, LOGGED_OUT, LOGIN_NOTICES, noticeOf } from "../ui/notices.js";
import { forgetMeeting } from "../ui/recents.js";
import { browserStorage, tabStorage } from "../here/storage.js";
import { Toasts } from "../ui/toasts.js";
import { NoticeView } from "../ui/notice-page.js";
import { Page } from "../ui/page.js";
import { deletion } from "./deletion.js";
import { AttendancePoller } from "./poller.js";
import { AttendanceView } from "./view.js";
import { translatePage } from "../words/page-texts.js";
import { t } from "../words/words.js";
import { problemText } from "../ui/problems.js";

translatePage();

const page = new Page();
const toasts = new Toasts(/** @type {HTMLElement} */ (document.getElementById("toasts")));
const identity = new Identity(browserStorage, tabStorage, async () => "");
identity.login.take(takeFragment().token);
carryLogin(identity.login);
offerLanguages(() => fragmentOf(identity.login));
const key = new AdminKey(tabStorage);
const found = readMeeting(pathHere(), HERE);
const id = found && "meeting" in found ? found.meeting : "";

/** The notice for each error code of reading the record. @type {Record<string, string>} */
const NOTICES = {
  forbidden: "not_host",
  bad_token: "not_known",
  unknown_meeting: "no_record",
  unreachable: "unreachable",
  token_expired: "expired_here",
  login_required: "login_required",
  revoked: "revoked_here",
};

/** @param {string} code */
const noticeFor = (code) => (identity.login.isOn && code !== "token_expired" && LOGIN_NOTICES[code]) || (NOTICES[code] ?? "record_unavailable");

/** @type {AttendanceView | null} */
let view = null;
/** The current notice; showing it again would take the focus and announce it again. */
let noticed = "";
/** @type {AttendancePoller | null} */
let poller = null;
/** While this browser deletes the record, the poller's "gone" is ignored. */
let deleting = false;
/** The chosen instance of a series; "": all. Kept in the address, so that links include it. */
let instance = new URLSearchParams(location.search).get("instance") ?? "";
/** The instance on screen; while the chosen one is being read, the one before. */
let seen = "";

/** The admin key reads everything, so it comes first. */
const token = () => key.value ?? identity.token;

/** @param {string} code  of the notices */
function notice(code) {
  view = null;
  if (code === noticed) return;
  noticed = code;
  // After a refusal the poller has stopped: a new one is needed.
  const retry = () => (code === NOTICES.bad_token ? open(id) : poller?.ask());
  /** @type {Partial<Record<import("../ui/notices.js").NoticeAction, () => void>>} */
  const actions = {
    home: () => location.assign(withToken(HOME, identity.login.token)),
    records: () => location.assign(RECORDS),
    login: () => location.assign(loginAddress(`${location.origin}${attendancePage(id)}`)),
    retry,
  };
  page.show(new NoticeView(noticeOf(code, id, { login: loginAddress("") !== "" }), (action) => actions[action]?.()));
}

/** Says that this browser may not read the record, and asks for the admin key. @param {string} meeting @param {string} code */
function askForKey(meeting, code) {
  notice(meeting.startsWith(IMPORTED) ? "not_admin" : noticeFor(code));
  if (page.element.querySelector("form")) return;
  const form = new KeyForm((given) => {
    key.remember(given);
    open(meeting);
  });
  part(page.element, "actions").before(form.element);
  // To log in is what most have to do, where that can be said.
  const other = loginAddress("") && LOGGED_OUT.has(noticed) ? form.element : part(page.element, "actions");
  other.querySelector(".primary")?.classList.remove("primary");
}

/** @param {string} meeting */
function open(meeting) {
  /** @type {import("./record.js").Attendance | null} */
  let known = null;
  const byKey = key.value !== undefined;
  poller = new AttendancePoller(meeting, token(), instance);
  poller.on("record", ({ attendance, complete }) => {
    known = attendance;
    // The address may name the instance by its date.
    if (instance) instance = attendance.source?.parts.find((each) => each.instance)?.instance ?? instance;
    seen = instance;
    if (!view) {
      noticed = "";
      view = new AttendanceView(attendance, (after) => getAbsent(token() ?? "", meeting, { after, instance: seen }), byKey);
      view.on("download", ({ rows }) => void download(meeting, rows));
      view.on("choose", (chosen) => choose(meeting, chosen.instance));
      view.on("delete", () => known && void remove(known));
      view.on("copy", () => void copy(meetingLink(meeting)));
      view.on("forget-key", () => {
        key.forget();
        location.reload();
      });
      page.show(view);
    }
    view.update(attendance, complete, instance);
  });
  poller.on("unreadable", ({ code }) => (code === "bad_message" && instance ? choose(meeting, "") : view ? view.unreadable() : notice(noticeFor(code))));
  poller.on("refused", async ({ code }) => {
    if (deleting) return;
    if (code === "bad_token" && !byKey && (await identity.recall())) return open(meeting);
    if (code === "bad_token" && byKey) {
      // The server's key has changed.
      key.forget();
      open(meeting);
    } else if (code === "token_expired" && view) view.expired();
    else if (code === "unknown_meeting" && (byKey || !meeting.startsWith(IMPORTED))) {
      // Generated IDs may be written without their dashes.
      const dashed = withDashes(meeting);
      if (dashed) open(dashed);
      else notice(NOTICES[code]);
    } else askForKey(meeting, code);
  });
  poller.start();
}

/** @param {string} meeting @param {string} chosen  of a series */
function choose(meeting, chosen) {
  instance = chosen;
  history.replaceState(null, "", `${location.pathname}${chosen ? `?${new URLSearchParams({ instance })}` : ""}`);
  poller?.stop();
  view?.reading();
  open(meeting);
}

/** Downloads with the token, which a plain link would not send. @param {string} meeting @param {import("../here/http-api.js").Rows} rows */
async function download(meeting, rows) {
  try {
    const file = await downloadAttendance(token() ?? "", meeting, rows, seen);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = `${meeting}-${rows === "stays" ? "attendance" : rows}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href));
  } catch (error) {
    toasts.show(t("The file could not be downloaded: {why}", { why: problemText(error) }));
  }
}

/** @param {import("./record.js").Attendance} attendance */
async function remove(attendance) {
  const { meeting, source } = attendance;
  const choice = await ask({
    ...deletion(attendance),
    choices: [
      { value: "delete", label: t("Delete for good"), look: "danger" },
      { value: "", label: t("Cancel") },
    ],
  });
  if (choice !== "delete") return;
  deleting = true;
  try {
    await deleteMeeting(token() ?? "", meeting.id);
  } catch (error) {
    // Already gone: the goal is reached.
    if (!(error instanceof ReconveneError) || error.code !== "unknown_meeting") {
      deleting = false;
      return toasts.show(t("The record could not be deleted: {why}", { why: problemText(error) }));
    }
  }
  poller?.stop();
  forgetMeeting(browserStorage, meeting.id);
  notice(source ? "import_deleted" : "record_deleted");
}

/** @param {string} link */
async function copy(link) {
  try {
    await navigator.clipboard.writeText(link);
    toasts.show(t("Link copied"));
  } catch {
    toasts.show(t("Copying was not allowed. The link is {link}", { link }));
  }
}

if (id) open(id);
else notice("bad_link");
