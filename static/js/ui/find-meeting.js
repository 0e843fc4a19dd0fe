/** Finds a meeting by its ID as people write it. */
import { ReconveneError } from "../../sdk/reconvene.js";
import { getMeeting } from "../here/http-api.js";
import { withDashes } from "./links.js";

/** Generated IDs are shown with dashes, but may be written without. @param {string} id @throws {ReconveneError} */
export async function findMeeting(id) {
  try {
    return await getMeeting(id);
  } catch (error) {
    const dashed = withDashes(id);
    if (!dashed || !isUnknown(error)) throw error;
    return getMeeting(dashed);
  }
}

/** Whether there is no such meeting. @param {unknown} error */
export const isUnknown = (error) => error instanceof ReconveneError && error.code === "unknown_meeting";
