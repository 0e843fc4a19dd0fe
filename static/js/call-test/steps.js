/**
 * The findings of a call test in plain words, with advice: a pure function from observations to the steps shown.
 */
import { deviceErrorTexts } from "../ui/device-errors.js";
import { t } from "../words/words.js";
import { problemText } from "../ui/problems.js";

/**
 * @typedef {"waiting" | "running" | "ok" | "notice" | "failed"} StepState  notice: no problem found, but not all could be checked
 * @typedef {{state: StepState, text: string, advice?: string | undefined}} Verdict
 * @typedef {"server" | "connection" | "microphone" | "camera" | "delay"} StepName
 * @typedef {Verdict & {name: StepName, title: string}} Step
 *
 * @typedef {object} Observed
 * @property {boolean} over  Nothing more will be observed.
 * @property {boolean} slow  It is taking longer than usual.
 * @property {{code: string, message: string} | null} problem  Why there is no echo, or no longer one.
 * @property {boolean} answered  The server named the echo's meeting.
 * @property {boolean} joined  This page has joined it.
 * @property {"direct" | "relayed" | null} path  of the media; null before there is one
 * @property {boolean} brief  The path is too new to call missing media lost.
 * @property {number | null} roundTrip  seconds
 * @property {Observation & {measured: boolean, heard: boolean}} microphone  measured: this browser can measure sound
 * @property {Observation} camera
 *
 * @typedef {{on: boolean, asking: boolean, error: import("../../sdk/reconvene.js").DeviceError | null, returned: boolean}} Observation
 */

/** @type {Record<StepName, {title: string, judge: (observed: Observed) => Verdict}>} */
const STEPS = {
  server: { title: t("Server"), judge: server },
  connection: { title: t("Connection"), judge: connection },
  microphone: { title: t("Microphone"), judge: microphone },
  camera: { title: t("Camera"), judge: camera },
  delay: { title: t("Round trip"), judge: delay },
};

/** @param {Observed} observed @returns {Step[]} in their order */
export function stepsOf(observed) {
  return Object.entries(STEPS).map(([name, { title, judge }]) => ({ name: /** @type {StepName} */ (name), title, ...judge(observed) }));
}

/** Whether there is nothing left to wait for. @param {Step[]} steps */
export const settled = (steps) => steps.every(({ state }) => state !== "waiting" && state !== "running");

/** @param {Step[]} steps */
export const perfect = (steps) => steps.every(({ state }) => state === "ok");

/** @param {Step[]} steps @param {boolean} over @returns {string} */
export function summaryOf(steps, over) {
  if (steps.some(({ state }) => state === "failed")) return t("Something does not work yet.");
  if (!settled(steps)) return over ? t("Not everything could be tested.") : t("Testing…");
  return perfect(steps) ? t("Everything works. You are ready.") : t("What could be tested works.");
}

/** @param {Observed} observed @returns {Verdict} */
function server({ problem, answered, joined, slow, over }) {
  if (joined) return ok(t("The server answers."));
  if (problem) return PROBLEMS[problem.code]?.(problemText(problem)) ?? failed(problemText(problem) || t("The server refused the test."), t("Test again in a minute."));
  if (over && answered) {
    return failed(
      t("The server answers, but the connection that calls need does not open."),
      t("A proxy or a firewall may block WebSocket. Try another network, or ask whoever runs this server."),
    );
  }
  if (over) return failed(t("The server did not answer in time."), t("Check your internet connection, or test again in a minute."));
  return running(slow ? t("Asking the server. It takes longer than usual…") : t("Asking the server…"));
}

/** @type {Record<string, (message: string) => Verdict>} */
const PROBLEMS = {
  unreachable: () => failed(t("The server cannot be reached."), t("Check your internet connection, then test again.")),
  unavailable: (message) => failed(message, t("You can join without a test, or try again in a minute.")),
  rate_limited: (message) => failed(message, t("You can join without a test, or try again in a minute.")),
  http_404: () => failed(t("This server does not offer tests any more."), t("You can join without one.")),
  replaced: () => failed(t("You test in another tab now."), t("Close the test there to go on here.")),
};

/** @param {Observed} observed @returns {Verdict} */
function connection({ problem, joined, path, slow, over }) {
  if (path === "direct") return ok(t("Sound and picture reach the server directly."));
  if (path === "relayed") return ok(t("Sound and picture go through a relay (TURN)."));
  if (!joined) return waiting(over);
  if (problem) return failed(t("The server’s echo went away."), t("Test again in a minute."));
  if (over) {
    return failed(
      t("No connection for sound and picture came about."),
      t("A firewall may block UDP. Try another network, or ask whoever runs this server for a TURN server."),
    );
  }
  return running(slow ? t("Connecting. It takes longer than usual…") : t("Connecting…"));
}

/** @param {Observed} observed @returns {Verdict} */
function microphone({ path, over, brief, microphone: { on, asking, error, measured, heard, returned } }) {
  if (error) return failed(deviceErrorTexts({ audio: error, video: null })[0]);
  if (asking) return over ? UNANSWERED : running(ASKING);
  if (!on) return notice(t("Your microphone is off."), t("Turn it on to test it, too."));
  if (returned) return ok(t("Your sound comes back."));
  if (!measured) return notice(t("This browser cannot measure sound here."), t("You can join, and ask the others whether they hear you."));
  if (!path) return waiting(over);
  if (over && brief) return NO_TIME;
  if (heard && over) {
    return failed(t("Your sound was sent and did not come back."), t("Test again. If that stays so, try another browser or another network."));
  }
  if (heard) return running(t("Your sound is sent. Waiting for it to come back…"));
  if (over) {
    return notice(
      t("Nothing was heard."),
      t("Test again and say something. If the bar below your picture does not move then, choose another microphone."),
    );
  }
  return running(t("Say something…"));
}

/** @param {Observed} observed @returns {Verdict} */
function camera({ path, over, brief, camera: { on, asking, error, returned } }) {
  if (error) return failed(deviceErrorTexts({ audio: null, video: error })[0]);
  if (asking) return over ? UNANSWERED : running(ASKING);
  if (!on) return notice(t("Your camera is off."), t("Turn it on to test it, too."));
  if (returned) return ok(t("Your picture comes back."));
  if (!path) return waiting(over);
  if (over && brief) return NO_TIME;
  if (over) return failed(t("Your picture was sent and did not come back."), t("Test again. If that stays so, try another browser or another network."));
  return running(t("Your picture is sent. Waiting for it to come back…"));
}

/** @param {Observed} observed @returns {Verdict} */
function delay({ path, roundTrip, over }) {
  if (!path) return waiting(over);
  if (roundTrip === null) return over ? notice(t("It could not be measured.")) : running(t("Measuring…"));
  const time = t("{count} ms there and back.", { count: Math.max(1, Math.round(roundTrip * 1000)) });
  if (roundTrip < 0.2) return ok(time);
  if (roundTrip < 0.4) return ok(`${time} ${t("You may notice it when you talk.")}`);
  return notice(`${time} ${t("That is long: people will talk over each other.")}`, t("A cable instead of Wi-Fi may help, or another network."));
}

/** @param {string} text @returns {Verdict} */
const ok = (text) => ({ state: "ok", text });
/** @param {string} text @returns {Verdict} */
const running = (text) => ({ state: "running", text });
/** @param {string} text @param {string} [advice] @returns {Verdict} */
const notice = (text, advice) => ({ state: "notice", text, advice });
/** @param {string} text @param {string} [advice] @returns {Verdict} */
const failed = (text, advice) => ({ state: "failed", text, advice });
const ASKING = t("Waiting for your permission…");
/** @type {Verdict} */
const UNANSWERED = { state: "notice", text: t("Your browser waits for your permission."), advice: t("Allow it there, then test again.") };
/** @type {Verdict} */
const NO_TIME = { state: "notice", text: t("There was no time left for it."), advice: t("Test again.") };
/** @param {boolean} over @returns {Verdict} */
const waiting = (over) => ({ state: "waiting", text: over ? t("Not tested.") : "" });
