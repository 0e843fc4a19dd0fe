/**
 * Somebody's picture in a small window over all others: in a document of its own, with the name, where the browser has that
 * (https://wicg.github.io/document-picture-in-picture/), and as a video alone elsewhere.
 */
import { write } from "../ui/dom.js";

/** @typedef {{requestWindow(options: {width: number, height: number}): Promise<Window>}} DocumentPictureInPicture */

const SIZE = { width: 360, height: 225 };
const STYLE = `
  body { margin: 0; height: 100vh; display: grid; place-items: center; background: #1a2422; color: #fff; font: 600 1rem system-ui, sans-serif; overflow: hidden; }
  video { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: contain; }
  video[hidden] { display: none; }
  p { position: absolute; left: 8px; bottom: 8px; margin: 0; padding: 2px 8px; border-radius: 8px; background: rgb(14 20 18 / 66%); font-size: 0.875rem; max-width: calc(100% - 32px); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
`;

export class PictureInPicture {
  /** Whether there is such a window now. */
  open = false;
  #changed;
  #video = document.createElement("video");
  #name = document.createElement("p");
  /** @type {Window | null} */
  #window = null;

  /** @param {() => void} changed */
  constructor(changed) {
    this.#changed = changed;
    Object.assign(this.#video, { muted: true, playsInline: true, autoplay: true });
    this.#video.addEventListener("leavepictureinpicture", () => this.#closed());
  }

  get possible() {
    return Boolean(this.#documents) || document.pictureInPictureEnabled === true;
  }

  /** @returns {DocumentPictureInPicture | undefined} */
  get #documents() {
    return /** @type {{documentPictureInPicture?: DocumentPictureInPicture}} */ (/** @type {unknown} */ (globalThis)).documentPictureInPicture;
  }

  async toggle() {
    if (this.open) return this.close();
    // What is to be seen there is shown from now on: a video without a source does not play.
    this.open = true;
    this.#changed();
    try {
      if (this.#documents) await this.#openDocument(this.#documents);
      else await this.#openVideo();
    } catch {
      this.#closed(); // Not without a click, or there is no picture.
    }
  }

  close() {
    this.#window?.close();
    if (document.pictureInPictureElement === this.#video) void document.exitPictureInPicture();
    this.#closed();
  }

  /** Whom it shows. @param {string} name @param {MediaStream | null} stream @param {boolean} shown  whether there is a picture */
  show(name, stream, shown) {
    write(this.#name, name);
    this.#video.hidden = !shown;
    if (this.#video.srcObject === stream) return;
    this.#video.srcObject = stream;
    if (stream && this.open) this.#video.play().catch(() => {}); // Its window has closed.
  }

  /** @param {DocumentPictureInPicture} documents */
  async #openDocument(documents) {
    const opened = await documents.requestWindow(SIZE);
    // An inline style would be against the server's Content-Security-Policy.
    const sheet = new (/** @type {typeof globalThis} */ (/** @type {unknown} */ (opened)).CSSStyleSheet)();
    sheet.replaceSync(STYLE);
    opened.document.adoptedStyleSheets = [sheet];
    opened.document.title = document.title;
    opened.document.body.append(this.#video, this.#name);
    opened.addEventListener("pagehide", () => this.#closed());
    this.#window = opened;
    this.#video.play().catch(() => {}); // Nothing to play yet.
  }

  async #openVideo() {
    // Without a picture it would never begin to play.
    if (this.#video.hidden || !this.#video.srcObject) throw new Error("no picture");
    await this.#video.play();
    await this.#video.requestPictureInPicture();
  }

  #closed() {
    if (!this.open) return;
    this.open = false;
    this.#window = null;
    this.#changed();
  }
}
