/** Where the browsers differ. */
import { ModelConnection } from "./connection.js";

export class Chromium extends ModelConnection {
  static asksForStopped = true;
  static breaksByNothing = true;
  static namesWhatIsNotSent = true;
  static refusesStrayCandidates = true;
}

export class Firefox extends ModelConnection {}
