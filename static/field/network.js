// What this phone can tell of its connection. Few browsers tell anything; where they do not, it is said so.

const WEAK = new Set(["slow-2g", "2g"]);
const FREE = new Set(["wifi", "ethernet"]);

/** The browser's own account of the connection; null where it gives none. */
function account() {
  return globalThis.navigator?.connection ?? null;
}

/** Whether the browser tells a Wi-Fi from mobile data. */
export function tellsWifi(connection = account()) {
  return Boolean(connection?.type) && connection.type !== "unknown";
}

/** Whether photos have to wait for a Wi-Fi: only where that was asked for and the browser can tell. */
export function waitsForWifi(wifiOnly, connection = account()) {
  return Boolean(wifiOnly) && tellsWifi(connection) && !FREE.has(connection.type);
}

/**
 * "none", "weak" or "good".
 * @param {boolean} failing whether the last call got no answer
 */
export function signalOf(failing, online = globalThis.navigator?.onLine ?? true, connection = account()) {
  if (!online) {
    return "none";
  }
  return failing || WEAK.has(connection?.effectiveType) ? "weak" : "good";
}

/** Calls back whenever the browser says that the connection has changed. */
export function onNetworkChange(callback) {
  addEventListener("online", callback);
  addEventListener("offline", callback);
  account()?.addEventListener?.("change", callback);
}
