// Which way the phone looks, where it can tell. Phones point to magnetic north; declination.js says how far off that is.

/** Held more upright than this (the cosine of its lean from lying flat), a phone is looked through and not down upon. */
const UPRIGHT_BELOW = 0.7;
const RAD = Math.PI / 180;

/**
 * Where a phone points, by W3C Device Orientation (rotations Z, X', Y''): where its back camera looks while it is upright,
 * where the top of its screen points while it lies flat. Upright, alpha and gamma turn about nearly the same axis, and
 * alpha alone would be off by as much as the phone is rolled.
 * @param {{alpha: number, beta: number|null, gamma: number|null}} tilt degrees
 * @param {number} angle how far the screen's picture is turned in the phone, degrees
 * @returns {number} degrees clockwise from north, not reduced to one turn
 */
export function pointsTo({ alpha, beta, gamma }, angle) {
  if (!Number.isFinite(beta) || !Number.isFinite(gamma)) {
    return angle - alpha;
  }
  const [a, b, g] = [alpha * RAD, beta * RAD, gamma * RAD];
  if (Math.abs(Math.cos(b) * Math.cos(g)) >= UPRIGHT_BELOW) {
    return angle - alpha;
  }
  const east = -Math.cos(a) * Math.sin(g) - Math.sin(a) * Math.sin(b) * Math.cos(g);
  const north = -Math.sin(a) * Math.sin(g) + Math.cos(a) * Math.sin(b) * Math.cos(g);
  return Math.atan2(east, north) / RAD;
}

/** The phone's compass: listen to "change". */
export class Compass extends EventTarget {
  /** @type {number|null} degrees clockwise from north: of the camera's view where the phone is upright, else of the top of the screen */
  heading = null;
  /** Whether `heading` is counted from true north; else from magnetic north. */
  corrected = false;
  /** @type {string|null} the browser event that told it; both kinds point to magnetic north by themselves */
  source = null;
  #magnetic = null;
  #declination = null;
  #listening = false;

  /** Whether the browser wants a tap before it tells (iOS does). */
  get needsTap() {
    const events = globalThis.DeviceOrientationEvent;
    const apple = events !== undefined && "webkitCompassHeading" in events.prototype;
    return apple && typeof events.requestPermission === "function" && this.heading === null;
  }

  /** Asks for permission where that is needed; call it from a tap. Gives whether it was granted. */
  async ask() {
    const answer = await DeviceOrientationEvent.requestPermission().catch(() => "denied");
    return answer === "granted";
  }

  /** Begins to listen. */
  start() {
    if (!this.#listening) {
      this.#listening = true;
      addEventListener("deviceorientationabsolute", (event) => this.#turn(event));
      addEventListener("deviceorientation", (event) => this.#turn(event));
    }
  }

  /** Takes how many degrees east of true north a compass points here; null where nobody knows. */
  setDeclination(degrees) {
    this.#declination = degrees;
    this.#settle();
  }

  /** Takes one orientation event; a relative one without a compass says nothing about north. */
  #turn(event) {
    const angle = screen.orientation?.angle ?? 0;
    let heading = null;
    if (Number.isFinite(event.webkitCompassHeading)) {
      heading = event.webkitCompassHeading + angle;
      this.source = "webkitCompassHeading";
    } else if (event.absolute && Number.isFinite(event.alpha)) {
      heading = pointsTo(event, angle);
      this.source = "deviceorientationabsolute";
    }
    if (heading !== null) {
      this.#magnetic = heading;
      this.#settle();
    }
  }

  /** Works out the heading from what is known. */
  #settle() {
    if (this.#magnetic === null) {
      return;
    }
    this.corrected = this.#declination !== null;
    this.heading = (this.#magnetic + (this.#declination ?? 0) + 720) % 360;
    this.dispatchEvent(new Event("change"));
  }
}
