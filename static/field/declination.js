// How far a compass is off true north where the phone is: the World Magnetic Model of 2025 (NOAA and BGS, public domain).

import { magvar, MODEL_EPOCH, MODEL_VALID_UNTIL } from "../vendor/magvar@2.2.0/magvar.js";
import { metresBetween } from "./geodesy.js";

const AGAIN_AFTER_M = 10_000;

/**
 * Degrees that a compass points east of true north at a place; null outside the years that the model is made for, and
 * within some 2° of the poles, where a compass says nothing.
 * @param {{latitude: number, longitude: number}} place
 * @param {Date} date
 */
export function declinationAt({ latitude, longitude }, date) {
  const year = date.getUTCFullYear();
  if (year < MODEL_EPOCH || year >= MODEL_VALID_UNTIL || Math.abs(latitude) > 88) {
    return null;
  }
  return magvar(latitude, longitude, 0, date);
}

/** Corrects a compass for where the phone is, from now on and again after every 10 km. */
export function keepCorrected(compass, position) {
  let workedOutAt = null;
  const correct = () => {
    const { fix } = position;
    if (fix && (!workedOutAt || metresBetween(fix, workedOutAt) > AGAIN_AFTER_M)) {
      workedOutAt = fix;
      compass.setDeclination(declinationAt(fix, new Date()));
    }
  };
  position.addEventListener("change", correct);
  correct();
}
