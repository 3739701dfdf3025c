// Joining by invite. The phone's key is kept before it is sent; a repeat after a lost answer is the same person again.

import { pageData } from "./assets.js";
import { call } from "./field/api.js";
import { ensureDevice, keep, readDevice, writeDevice } from "./field/device.js";
import { notice, part } from "./join-page.js";
import { words } from "./words.js";

const invite = pageData("invite");
const button = part("join-button");

/** Names the button after the person. */
function nameButton() {
  const name = part("name").value.trim();
  button.textContent = readDevice()?.name ? words.goOnAs(name) : words.joinAs(name);
}

/** The sentence for a join that was refused. */
function refusal(problem) {
  if (problem.status === 0) {
    return words.noSignal;
  }
  if (problem.status === 409) {
    return words.joinOtherKey;
  }
  return problem.passing ? words.serverBusy : problem.message;
}

/** Checks what was typed; gives the sentence that says what is missing, with the part that it belongs to. */
function missing() {
  if (!part("name").value.trim()) {
    return [words.joinNeedsName, part("name")];
  }
  return part("consent").checked ? null : [words.joinNeedsConsent, part("consent")];
}

/** Joins, and goes on to the field page. */
async function join() {
  const name = part("name").value.trim();
  const device = ensureDevice();
  const { user, target } = await call("POST", "join/", {
    code: invite.code,
    name,
    device_id: device.device_id,
    token: device.token,
    consent: true,
  });
  writeDevice({ ...device, user: user.id, target: target.id, name: user.name });
  keep("capturegraph.target", target);
  location.assign("/field/");
}

part("join-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const gap = missing();
  if (gap) {
    notice(gap[0]);
    gap[1].focus();
    return;
  }
  if (button.getAttribute("aria-busy") === "true") {
    return;
  }
  notice("");
  button.setAttribute("aria-busy", "true");
  button.textContent = words.joining;
  try {
    await join();
  } catch (problem) {
    if (problem.status === 409) {
      // This key has been shut out, or is somebody else's: with a new one the next tap joins as a new person.
      writeDevice(null);
    }
    notice(problem.status === undefined ? words.storageOff : refusal(problem));
    nameButton();
  }
  button.removeAttribute("aria-busy");
});

/** Shows the real places on a map; without it the page says everything as well. */
async function showMap() {
  const { openMap } = await import("./map.js");
  const map = await openMap(part("join-map"), { outline: pageData("outline"), still: true, padding: 36 });
  map.showPlaces(pageData("places"));
  map.fit();
}

const known = readDevice();
if (known?.name) {
  part("name").value = known.name;
  part("consent").checked = known.target === invite.target;
}
nameButton();
part("name").addEventListener("input", nameButton);
showMap().catch(() => part("join-map").remove());
