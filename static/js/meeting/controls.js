/** Buttons whose name, look and icon follow the state they control. */
import { icon } from "../ui/dom.js";
import { t } from "../words/words.js";

/**
 * The name gives the state and what pressing does.
 * @typedef {"on" | "off" | "asking" | "muted" | "forbidden"} ControlState
 * @typedef {{label: string, icon: string}} Look
 * @type {Record<"audio" | "video" | "screen" | "hand", {key: string} & {[State in "on" | "off"]: Look} & {[State in "asking" | "muted" | "forbidden"]?: Look}>}
 */
const CONTROLS = {
  audio: {
    on: { label: t("Turn off microphone"), icon: "mic" },
    off: { label: t("Turn on microphone"), icon: "mic-off" },
    asking: { label: t("Microphone: waiting for your permission. Stop waiting"), icon: "mic-off" },
    muted: { label: t("Microphone: muted by your system. Turn off"), icon: "mic-off" },
    forbidden: { label: t("Microphone: not allowed by the host"), icon: "mic-off" },
    key: "M",
  },
  video: {
    on: { label: t("Turn off camera"), icon: "camera" },
    off: { label: t("Turn on camera"), icon: "camera-off" },
    asking: { label: t("Camera: waiting for your permission. Stop waiting"), icon: "camera-off" },
    muted: { label: t("Camera: stopped by your system. Turn off"), icon: "camera-off" },
    forbidden: { label: t("Camera: not allowed by the host"), icon: "camera-off" },
    key: "V",
  },
  screen: {
    on: { label: t("Stop sharing"), icon: "screen" },
    off: { label: t("Share screen"), icon: "screen" },
    asking: { label: t("Screen: waiting for your choice. Stop waiting"), icon: "screen" },
    forbidden: { label: t("Screen sharing: not allowed by the host"), icon: "screen" },
    key: "S",
  },
  hand: {
    on: { label: t("Lower hand"), icon: "hand" },
    off: { label: t("Raise hand"), icon: "hand" },
    forbidden: { label: t("Raising hands: not allowed by the host"), icon: "hand" },
    key: "H",
  },
};

/** @param {HTMLElement} button @param {keyof typeof CONTROLS} control @param {ControlState} state */
export function showControl(button, control, state) {
  const look = CONTROLS[control][state] ?? CONTROLS[control].off;
  if (button.getAttribute("aria-label") === look.label) return;
  button.setAttribute("aria-label", look.label);
  button.title = `${look.label} (${CONTROLS[control].key})`;
  button.dataset.control = control;
  button.dataset.on = String(state === "on");
  button.toggleAttribute("data-asking", state === "asking");
  button.toggleAttribute("data-forbidden", state === "forbidden");
  button.replaceChildren(icon(look.icon));
}
