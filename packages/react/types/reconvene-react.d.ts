import type { JoinOptions, Meeting, MeetingEvents, Reconvene, Snapshot } from "@reconvene/client";
import type { ReactElement, ReactNode } from "react";

/** Gives its children the client. Make it outside of components: one that is new joins anew. */
export function ReconveneProvider(props: { client: Reconvene; children?: ReactNode }): ReactElement;

/** The client. Throws outside of a `ReconveneProvider`. */
export function useReconvene(): Reconvene;

/**
 * Joins a meeting while the component is there. One component of an application does; it gives the meeting to the others.
 * `id` null: none, yet. `options`: as they are when it joins. It answers null before the first effect.
 */
export function useMeeting(id: string | null, options?: JoinOptions): Meeting | null;

/** What there is to show of a meeting; renders again when that changes. */
export function useSnapshot(meeting: Meeting | null): Readonly<Snapshot> | null;

/** Hears an event. */
export function useMeetingEvent<Name extends keyof MeetingEvents>(
  meeting: Meeting | null,
  name: Name,
  listener: (detail: MeetingEvents[Name]) => void,
): void;
