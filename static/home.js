// The front door: a phone that has joined goes on from here.

import { readDevice } from "./field/device.js";
import { words } from "./words.js";

const device = readDevice();
if (device?.target) {
  document.getElementById("to-field").hidden = false;
  document.getElementById("volunteer-words").textContent = words.joinedAs(device.name);
}
