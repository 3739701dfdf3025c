// Which way the phone looks, where it can tell. Degrees clockwise from (magnetic) north; the source is named with it.

/** The phone's compass: listen to "change". */
export class Compass extends EventTarget {
  /** @type {number|null} degrees clockwise from north, of the top of the screen as it is held */
  heading = null;
  /** @type {string|null} the browser event that told it; both kinds point to magnetic north */
  source = null;

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
    addEventListener("deviceorientationabsolute", (event) => this.#turn(event));
    addEventListener("deviceorientation", (event) => this.#turn(event));
  }

  /** Takes one orientation event; a relative one without a compass says nothing about north. */
  #turn(event) {
    let heading = null;
    if (Number.isFinite(event.webkitCompassHeading)) {
      heading = event.webkitCompassHeading;
      this.source = "webkitCompassHeading";
    } else if (event.absolute && Number.isFinite(event.alpha)) {
      heading = 360 - event.alpha;
      this.source = "deviceorientationabsolute";
    }
    if (heading !== null) {
      this.heading = (heading + (screen.orientation?.angle ?? 0) + 360) % 360;
      this.dispatchEvent(new Event("change"));
    }
  }
}
