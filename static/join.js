// Joining by invite. The phone's key is kept before it is sent; a repeat after a lost answer is the same person again.

import { pageData } from "./assets.js";
import { call } from "./field/api.js";
import { ensureDevice, readDevice, writeDevice } from "./field/device.js";
import { goOn, joinWith } from "./join-again.js";
import { notice, part } from "./join-page.js";
import { words } from "./words.js";

const invite = pageData("invite");
const button = part("join-button");
const known = readDevice();
let keyLost = false;

/** Names the button after the person. */
function nameButton() {
  const name = part("name").value.trim();
  button.textContent = readDevice()?.name && !keyLost ? words.goOnAs(name) : words.joinAs(name);
}

/** Whether this phone's key opens nothing any more; other conflicts say themselves what to do. */
function losesKey(problem) {
  return problem.status === 409 && problem.code.startsWith("device_");
}

/** The sentence for a join that was refused. */
function refusal(problem) {
  if (problem.status === 0) {
    return words.noSignal;
  }
  if (losesKey(problem)) {
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

/** Says what is missing, or takes that back; the field at fault is marked for screen readers too. */
function mark(gap) {
  for (const name of ["name", "consent"]) {
    part(name).setAttribute("aria-invalid", String(gap?.[1] === part(name)));
  }
  notice(gap?.[0] ?? "");
  gap?.[1].focus();
}

/** Joins, agrees to the words where they are new to a member, and goes on to the field page. */
async function join() {
  if (keyLost) {
    // This key has been shut out, or is somebody else's: with a new one this tap joins as a new person.
    writeDevice(null);
    keyLost = false;
  }
  const name = part("name").value.trim();
  await joinWith(ensureDevice(), { code: invite.code, name, consent_version: invite.consent_version });
  if (known?.user) {
    await call("POST", "me/consent/", { target: invite.target, version: invite.consent_version });
  }
  location.assign("/field/");
}

part("join-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const gap = missing();
  mark(gap);
  if (gap || button.getAttribute("aria-busy") === "true") {
    return;
  }
  button.setAttribute("aria-busy", "true");
  button.textContent = words.joining;
  try {
    await join();
  } catch (problem) {
    if (losesKey(problem)) {
      keyLost = true;
      part("name").readOnly = false;
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

/** A phone that is somebody's already joins as who it is: the name is theirs, and stands there. */
function showKnown() {
  if (!known?.user || invite.for_somebody) {
    return;
  }
  part("name").value = known.name;
  part("name").readOnly = true;
  part("name-help").textContent = words.joinKnown;
}

showKnown();
nameButton();
part("name").addEventListener("input", nameButton);
if (known?.user && !invite.for_somebody) {
  goOn(invite).catch((problem) => {
    keyLost = losesKey(problem);
    part("name").readOnly = !keyLost;
    notice(keyLost ? words.joinOtherKey : "");
    nameButton();
  });
}
showMap().catch(() => part("join-map").remove());
// From here on taps are heard: before, the form does nothing by itself.
document.documentElement.dataset.ready = "true";
