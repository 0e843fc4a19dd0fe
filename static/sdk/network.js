/** Detects that this machine's way into the network has changed. */

/** @param {() => void} listener @param {AbortSignal} signal */
export function onNetworkChange(listener, signal) {
  window.addEventListener("online", listener, { signal });
  // Browsers also fire `change` for each new estimate of the speed, and not all of them know the type of network.
  const { connection } = /** @type {{connection?: EventTarget & {type?: string}}} */ (navigator);
  let type = connection?.type;
  connection?.addEventListener(
    "change",
    () => {
      if (connection.type === type) return;
      type = connection.type;
      listener();
    },
    { signal },
  );
}
