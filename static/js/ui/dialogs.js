/** Modal questions with <dialog>, which keeps the focus inside and gives it back: to the view's heading, where what had it is gone. */
import { fromTemplate, part } from "./dom.js";

/** @param {HTMLElement} element @returns {Promise<string>} the value of the button that closed it, "" for Escape */
export function modal(element) {
  if (!(element instanceof HTMLDialogElement)) throw new Error("not a dialog");
  const opener = document.activeElement;
  document.body.append(element);
  element.showModal();
  return new Promise((resolve) => {
    const closed = () => {
      element.remove();
      if (!opener?.isConnected) document.querySelector("h1")?.focus();
      resolve(element.returnValue);
    };
    element.addEventListener("close", closed, { once: true });
  });
}

/** Closes all dialogs: a question about one view does not concern the next. */
export function closeDialogs() {
  for (const dialog of document.querySelectorAll("dialog")) dialog.close();
}

/** Numbers the questions, so that each is labelled by its own title. */
let asked = 0;

/**
 * @param {{title: string, text: string, choices: {value: string, label: string, look?: "primary" | "danger"}[]}} question
 * @returns {Promise<string>} the chosen value, "" when dismissed
 */
export function ask({ title, text, choices }) {
  const element = fromTemplate("ask");
  asked += 1;
  element.setAttribute("aria-labelledby", `ask-title-${asked}`);
  element.setAttribute("aria-describedby", `ask-text-${asked}`);
  Object.assign(part(element, "title"), { id: `ask-title-${asked}`, textContent: title });
  Object.assign(part(element, "text"), { id: `ask-text-${asked}`, textContent: text });
  part(element, "actions").append(
    ...choices.map(({ value, label, look }) => {
      const button = document.createElement("button");
      button.className = `button ${look ?? ""}`;
      button.value = value;
      button.textContent = label;
      button.autofocus = !value; // If there is a cancel button, Enter chooses it.
      return button;
    }),
  );
  return modal(element);
}
