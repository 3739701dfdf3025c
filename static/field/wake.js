// Keeps the screen on while photos are sent, and on the last metres, when the phone is held out and not touched.

import { metresBetween } from "./geodesy.js";
import { now, position } from "./phone.js";
import { bus } from "./router.js";
import { ScreenLock } from "./screen-lock.js";

const LAST_M = 60;

const lock = new ScreenLock();
let sending = false;
let near = false;

/** Holds the screen on exactly while there is a reason. */
function match() {
  const wanted = (sending || near) && document.visibilityState === "visible";
  lock.want(wanted);
  document.documentElement.dataset.awake = String(wanted);
}

/** The last metres before the slot. */
function approach() {
  const fix = position.fresh();
  const here = document.body.dataset.screen === "slot" && now.held && fix;
  const close = Boolean(here) && metresBetween(fix, now.held.slot) < LAST_M;
  if (close !== near) {
    near = close;
    match();
  }
}

bus.addEventListener("sending", ({ detail: { kind } }) => {
  if (kind === "busy" || kind === "idle") {
    sending = kind === "busy";
    match();
  }
});
document.addEventListener("visibilitychange", match);
document.addEventListener("shown", approach);
position.addEventListener("change", approach);
approach();
