// Calls to the server as this phone: the token says who it is, whatever cookies lie in the browser.

import { readDevice } from "./device.js";

const ROOT = "/api/v1/";
const PATIENCE_MS = 20_000;
const STALLED_MS = 60_000;

let skewMs = 0;

/** What went wrong, as the server's problem+json says it; status 0 means that no answer came. */
export class Problem extends Error {
  constructor(status, { code = "", detail = "", title = "", present = null, errors = [] } = {}, retryAfter = null) {
    super(detail || title || `status ${status}`);
    Object.assign(this, { status, code, present, errors, retryAfter });
  }

  /** Whether the same call may succeed later without anybody doing anything. */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** Now by the server's clock, in epoch milliseconds: leases are the server's, and phones run fast or slow. */
export function serverNow() {
  return Date.now() + skewMs;
}

/** Learns the clock's skew from an answer's Date header (whole seconds). */
function learnSkew(date) {
  const server = Date.parse(date ?? "");
  if (Number.isFinite(server)) {
    const skew = server + 500 - Date.now();
    skewMs = Math.abs(skew) < 2000 ? 0 : skew;
  }
}

/** The Problem of an answer that is not a success; its body is read as JSON where it is JSON. */
export function problemOf(status, text, retryAfter = null) {
  let body = {};
  try {
    body = JSON.parse(text) ?? {};
  } catch {
    // A proxy's own page, or nothing: the status says enough.
  }
  return new Problem(status, body, retryAfter === null ? null : Number(retryAfter));
}

/** Headers that say who calls. */
function identity() {
  const device = readDevice();
  return device ? { Authorization: `Bearer ${device.token}` } : {};
}

/**
 * One JSON call.
 * @param {string} method GET, POST, PUT …
 * @param {string} path below /api/v1/
 * @param {object} [body] sent as JSON
 * @returns {Promise<object|null>} the answer's JSON
 * @throws {Problem} for every other answer, and with status 0 when none came
 */
export async function call(method, path, body = undefined) {
  let answer;
  let text;
  try {
    answer = await fetch(ROOT + path, {
      method,
      credentials: "omit",
      cache: "no-store",
      headers: { Accept: "application/json", ...(body && { "Content-Type": "application/json" }), ...identity() },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    text = await answer.text();
  } catch {
    throw new Problem(0);
  }
  learnSkew(answer.headers.get("Date"));
  if (!answer.ok) {
    throw problemOf(answer.status, text, answer.headers.get("Retry-After"));
  }
  return text ? JSON.parse(text) : null;
}

/**
 * Sends a photo's bytes and tells how many have gone; fetch cannot do that, XMLHttpRequest can.
 * @param {string} path below /api/v1/
 * @param {Blob} blob its type becomes the Content-Type
 * @param {(sent: number) => void} onProgress bytes so far
 * @returns {Promise<object>} the answer's JSON; rejects with a Problem
 */
export function sendBytes(path, blob, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", ROOT + path);
    request.setRequestHeader("Content-Type", blob.type);
    request.setRequestHeader("Accept", "application/json");
    for (const [name, value] of Object.entries(identity())) {
      request.setRequestHeader(name, value);
    }
    let stalled = setTimeout(() => request.abort(), STALLED_MS);
    request.upload.addEventListener("progress", (event) => {
      clearTimeout(stalled);
      stalled = setTimeout(() => request.abort(), STALLED_MS);
      onProgress(event.loaded);
    });
    request.addEventListener("loadend", () => clearTimeout(stalled));
    request.addEventListener("error", () => reject(new Problem(0)));
    request.addEventListener("abort", () => reject(new Problem(0)));
    request.addEventListener("load", () => {
      const { status, responseText } = request;
      if (status >= 200 && status < 300) {
        resolve(JSON.parse(responseText || "null"));
      } else {
        reject(problemOf(status, responseText, request.getResponseHeader("Retry-After")));
      }
    });
    request.send(blob);
  });
}
