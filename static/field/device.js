// What this phone knows about itself. The key is kept in localStorage before it is sent anywhere: an answer that gets
// lost on the way must not make a second person out of one.

const DEVICE = "capturegraph.device";

let carried = null;

/** Bytes as base64url without padding. */
function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** A random UUID (version 4); crypto.randomUUID is absent on pages without HTTPS. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** Reads one JSON value from localStorage; null when it is absent or damaged. */
export function recall(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

/** Keeps one JSON value in localStorage; null removes it. Throws where the browser keeps nothing. */
export function keep(key, value) {
  if (value === null) {
    localStorage.removeItem(key);
  } else {
    localStorage.setItem(key, JSON.stringify(value));
  }
}

/** This phone's {device_id, token, user, target, name}; user and target are null until it has joined. */
export function readDevice() {
  const device = carried ?? recall(DEVICE);
  return device?.device_id && device?.token ? device : null;
}

/** Speaks for a device from now on: the service worker has no localStorage, and is told what the page has kept. */
export function carryDevice(device) {
  carried = device;
}

/** Keeps what a join answered beside the key. */
export function writeDevice(device) {
  keep(DEVICE, device);
}

/** The phone's key: the one that it has, else a new one (32 random bytes), kept before it is returned. */
export function ensureDevice() {
  const known = readDevice();
  if (known) {
    return known;
  }
  const token = base64url(crypto.getRandomValues(new Uint8Array(32)));
  const device = { device_id: newId(), token, user: null, target: null, name: null };
  writeDevice(device);
  return device;
}
