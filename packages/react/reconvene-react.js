/**
 * Meetings in React: a provider of the client, and hooks. Safe in Strict Mode, which mounts everything twice: what the first
 * mount has begun is cancelled, and nobody has seen it. types/ has the types.
 */
import { createContext, createElement, useContext, useEffect, useRef, useState, useSyncExternalStore } from "react";

const Client = createContext(null);

/** Gives its children the client. Make it outside of components: one that is new joins anew. */
export const ReconveneProvider = ({ client, children }) => createElement(Client.Provider, { value: client }, children);

/** The client. Throws outside of a `ReconveneProvider`. */
export function useReconvene() {
  const client = useContext(Client);
  if (!client) throw new Error("There is no <ReconveneProvider> around this component.");
  return client;
}

/**
 * Joins a meeting while the component is there. One component of an application does; it gives the meeting to the others.
 * `id` null: none, yet. `options`: as they are when it joins. It answers null before the first effect.
 */
export function useMeeting(id, options) {
  const client = useReconvene();
  const [meeting, setMeeting] = useState(null);
  const latest = useRef(options);
  useEffect(() => {
    latest.current = options;
  });
  useEffect(() => {
    if (id === null) return undefined;
    const joined = client.open(id, latest.current);
    setMeeting(joined);
    return () => {
      setMeeting(null);
      joined.leave();
    };
  }, [client, id]);
  return meeting;
}

const never = () => () => {};
const nothing = () => null;

/** What there is to show of a meeting; renders again when that changes. */
export const useSnapshot = (meeting) => useSyncExternalStore(meeting?.subscribe ?? never, meeting?.getSnapshot ?? nothing, nothing);

/** Hears an event. */
export function useMeetingEvent(meeting, name, listener) {
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  });
  useEffect(() => meeting?.on(name, (detail) => latest.current(detail)), [meeting, name]);
}
