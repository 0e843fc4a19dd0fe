/**
 * The findings of a call test in plain words, with advice: a pure function from observations to the steps shown.
 */
import { deviceErrorTexts } from "../ui/device-errors.js";

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

const OPERATOR = "whoever runs this server";

/** @type {Record<StepName, {title: string, judge: (observed: Observed) => Verdict}>} */
const STEPS = {
  server: { title: "Server", judge: server },
  connection: { title: "Connection", judge: connection },
  microphone: { title: "Microphone", judge: microphone },
  camera: { title: "Camera", judge: camera },
  delay: { title: "Round trip", judge: delay },
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
  if (steps.some(({ state }) => state === "failed")) return "Something does not work yet.";
  if (!settled(steps)) return over ? "Not everything could be tested." : "Testing…";
  return perfect(steps) ? "Everything works. You are ready." : "What could be tested works.";
}

/** @param {Observed} observed @returns {Verdict} */
function server({ problem, answered, joined, slow, over }) {
  if (joined) return ok("The server answers.");
  if (problem) return PROBLEMS[problem.code]?.(problem.message) ?? failed(problem.message || "The server refused the test.", "Test again in a minute.");
  if (over && answered) {
    return failed(
      "The server answers, but the connection that calls need does not open.",
      `A proxy or a firewall may block WebSocket. Try another network, or ask ${OPERATOR}.`,
    );
  }
  if (over) return failed("The server did not answer in time.", "Check your internet connection, or test again in a minute.");
  return running(slow ? "Asking the server. It takes longer than usual…" : "Asking the server…");
}

/** @type {Record<string, (message: string) => Verdict>} */
const PROBLEMS = {
  unreachable: () => failed("The server cannot be reached.", "Check your internet connection, then test again."),
  unavailable: (message) => failed(message, "You can join without a test, or try again in a minute."),
  rate_limited: (message) => failed(message, "You can join without a test, or try again in a minute."),
  http_404: () => failed("This server does not offer tests any more.", "You can join without one."),
  replaced: () => failed("You test in another tab now.", "Close the test there to go on here."),
};

/** @param {Observed} observed @returns {Verdict} */
function connection({ problem, joined, path, slow, over }) {
  if (path === "direct") return ok("Sound and picture reach the server directly.");
  if (path === "relayed") return ok("Sound and picture go through a relay (TURN).");
  if (!joined) return waiting(over);
  if (problem) return failed("The server’s echo went away.", "Test again in a minute.");
  if (over) {
    return failed(
      "No connection for sound and picture came about.",
      `A firewall may block UDP. Try another network, or ask ${OPERATOR} for a TURN server.`,
    );
  }
  return running(slow ? "Connecting. It takes longer than usual…" : "Connecting…");
}

/** @param {Observed} observed @returns {Verdict} */
function microphone({ path, over, brief, microphone: { on, asking, error, measured, heard, returned } }) {
  if (error) return failed(deviceErrorTexts({ audio: error, video: null })[0]);
  if (asking) return over ? UNANSWERED : running(ASKING);
  if (!on) return notice("Your microphone is off.", "Turn it on to test it, too.");
  if (returned) return ok("Your sound comes back.");
  if (!measured) return notice("This browser cannot measure sound here.", "You can join, and ask the others whether they hear you.");
  if (!path) return waiting(over);
  if (over && brief) return NO_TIME;
  if (heard && over) {
    return failed("Your sound was sent and did not come back.", "Test again. If that stays so, try another browser or another network.");
  }
  if (heard) return running("Your sound is sent. Waiting for it to come back…");
  if (over) {
    return notice(
      "Nothing was heard.",
      "Test again and say something. If the bar below your picture does not move then, choose another microphone.",
    );
  }
  return running("Say something…");
}

/** @param {Observed} observed @returns {Verdict} */
function camera({ path, over, brief, camera: { on, asking, error, returned } }) {
  if (error) return failed(deviceErrorTexts({ audio: null, video: error })[0]);
  if (asking) return over ? UNANSWERED : running(ASKING);
  if (!on) return notice("Your camera is off.", "Turn it on to test it, too.");
  if (returned) return ok("Your picture comes back.");
  if (!path) return waiting(over);
  if (over && brief) return NO_TIME;
  if (over) return failed("Your picture was sent and did not come back.", "Test again. If that stays so, try another browser or another network.");
  return running("Your picture is sent. Waiting for it to come back…");
}

/** @param {Observed} observed @returns {Verdict} */
function delay({ path, roundTrip, over }) {
  if (!path) return waiting(over);
  if (roundTrip === null) return over ? notice("It could not be measured.") : running("Measuring…");
  const time = `${Math.max(1, Math.round(roundTrip * 1000))} ms there and back.`;
  if (roundTrip < 0.2) return ok(time);
  if (roundTrip < 0.4) return ok(`${time} You may notice it when you talk.`);
  return notice(`${time} That is long: people will talk over each other.`, "A cable instead of Wi-Fi may help, or another network.");
}

/** @param {string} text @returns {Verdict} */
const ok = (text) => ({ state: "ok", text });
/** @param {string} text @returns {Verdict} */
const running = (text) => ({ state: "running", text });
/** @param {string} text @param {string} [advice] @returns {Verdict} */
const notice = (text, advice) => ({ state: "notice", text, advice });
/** @param {string} text @param {string} [advice] @returns {Verdict} */
const failed = (text, advice) => ({ state: "failed", text, advice });
const ASKING = "Waiting for your permission…";
/** @type {Verdict} */
const UNANSWERED = { state: "notice", text: "Your browser waits for your permission.", advice: "Allow it there, then test again." };
/** @type {Verdict} */
const NO_TIME = { state: "notice", text: "There was no time left for it.", advice: "Test again." };
/** @param {boolean} over @returns {Verdict} */
const waiting = (over) => ({ state: "waiting", text: over ? "Not tested." : "" });
