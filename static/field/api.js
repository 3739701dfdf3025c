// Calls to the server as this phone: the token says who it is, whatever cookies lie in the browser.

import { readDevice } from "./device.js";

const ROOT = "/api/v1/";
const PATIENCE_MS = 20_000;
const STALLED_MS = 60_000;

/** Tells "answered" and "silent": whether the last call had any answer. */
export const line = new EventTarget();

let skewMs = 0;

/** What went wrong, as the server's problem+json says it; status 0 means that no answer came. */
export class Problem extends Error {
  constructor(status, { code = "", detail = "", title = "", present = null, errors = [] } = {}, retryAfter = null) {
    super(detail || title || `status ${status}`);
    Object.assign(this, { status, code, present, errors, retryAfter });
  }

  /** Whether the same call may succeed later without anybody doing anything; a proxy's own refusal has no code. */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500 || this.code === "";
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
  const seconds = Number(retryAfter ?? NaN);
  return new Problem(status, body, Number.isFinite(seconds) ? seconds : null);
}

/** Headers that say who calls, and in which language the answer's sentences should be. */
function identity() {
  const device = readDevice();
  const language = globalThis.document?.documentElement.lang;
  return {
    Accept: "application/json",
    ...(language && { "Accept-Language": language }),
    ...(device && { Authorization: `Bearer ${device.token}` }),
  };
}

/** The JSON of an answer; a Problem where it is not a success. */
function understood(status, text, headers) {
  learnSkew(headers.get("Date"));
  if (status < 200 || status > 299) {
    throw problemOf(status, text, headers.get("Retry-After"));
  }
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    // The page of a hotel's network, which says "welcome" to everything: no answer of ours.
    throw new Problem(0);
  }
}

/** One request by fetch; status 0 where no answer came in time. */
async function fetched(method, path, headers, body, patience) {
  let answer;
  let text;
  try {
    answer = await fetch(ROOT + path, {
      method,
      credentials: "omit",
      cache: "no-store",
      headers: { ...identity(), ...headers },
      body,
      signal: AbortSignal.timeout(patience),
    });
    text = await answer.text();
  } catch {
    line.dispatchEvent(new Event("silent"));
    throw new Problem(0);
  }
  line.dispatchEvent(new Event("answered"));
  return understood(answer.status, text, answer.headers);
}

/**
 * One JSON call.
 * @param {string} method GET, POST, PUT …
 * @param {string} path below /api/v1/
 * @param {object} [body] sent as JSON
 * @returns {Promise<object|null>} the answer's JSON
 * @throws {Problem} for every other answer, and with status 0 when none came
 */
export function call(method, path, body = undefined) {
  const headers = body ? { "Content-Type": "application/json" } : {};
  return fetched(method, path, headers, body && JSON.stringify(body), PATIENCE_MS);
}

/**
 * Sends bytes and tells how many have gone: fetch cannot do that, XMLHttpRequest can. The service worker has only fetch.
 * @param {string} path below /api/v1/
 * @param {Blob|null} blob what is sent; null asks only
 * @param {object} headers what is said of the bytes
 * @param {(sent: number) => void} onProgress bytes so far
 * @returns {Promise<object>} the answer's JSON; rejects with a Problem
 */
export function sendBytes(path, blob, headers, onProgress) {
  if (!globalThis.XMLHttpRequest) {
    return fetched("PUT", path, headers, blob, STALLED_MS * 2);
  }
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", ROOT + path);
    for (const [name, value] of Object.entries({ ...identity(), ...headers })) {
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
      try {
        resolve(understood(request.status, request.responseText, { get: (name) => request.getResponseHeader(name) }));
      } catch (problem) {
        reject(problem);
      }
    });
    request.send(blob);
  });
}
