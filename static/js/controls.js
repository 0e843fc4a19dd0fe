/** The buttons whose name, look and icon follow what they control. */
import { icon } from "./dom.js";

const STATES = {
  audio: {
    true: { label: "Turn off microphone", icon: "mic" },
    false: { label: "Turn on microphone", icon: "mic-off" },
    key: "M",
  },
  video: {
    true: { label: "Turn off camera", icon: "camera" },
    false: { label: "Turn on camera", icon: "camera-off" },
    key: "V",
  },
  screen: {
    true: { label: "Stop sharing", icon: "screen" },
    false: { label: "Share screen", icon: "screen" },
    key: "S",
  },
  hand: {
    true: { label: "Lower hand", icon: "hand" },
    false: { label: "Raise hand", icon: "hand" },
    key: "H",
  },
};

/** @param {HTMLElement} button @param {keyof typeof STATES} control @param {boolean} on */
export function showControl(button, control, on) {
  const state = STATES[control][on ? "true" : "false"];
  if (button.getAttribute("aria-label") === state.label) return;
  button.setAttribute("aria-label", state.label);
  button.title = `${state.label} (${STATES[control].key})`;
  button.dataset.control = control;
  button.dataset.on = String(on);
  button.replaceChildren(icon(state.icon));
}
