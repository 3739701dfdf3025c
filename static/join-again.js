// A phone that takes part already goes straight on, as who it was: also after its key ran out because it was not used for
// long, and by an invite that opens nothing for anybody new. Its photos that wait are untouched by that.

import { pageData } from "./assets.js";
import { call } from "./field/api.js";
import { keep, readDevice, writeDevice } from "./field/device.js";

/** Joins with this phone's key, and keeps what the server answers: who it is, and for which target. */
export async function joinWith(device, asked) {
  const { device_id, token } = device;
  const { user, target } = await call("POST", "join/", { ...asked, device_id, token, consent: true });
  writeDevice({ ...device, user: user.id, target: target.id, name: user.name });
  keep("capturegraph.target", target);
  return target;
}

/** Whether this phone's person takes part in the target of an invite, with nothing new to agree to. */
async function takesPart(invite, device) {
  try {
    const { memberships } = await call("GET", "me/");
    return memberships.some(({ target, consent_due: due }) => target.id === invite.target && !due);
  } catch (problem) {
    // A key that ran out is renewed by joining again; without signal the phone's own memory has to do.
    if (problem.status === 401 || problem.status === 0) {
      return device.target === invite.target;
    }
    throw problem;
  }
}

/** Goes on to the field page where this phone takes part already; else returns, and the page asks. */
export async function goOn(invite) {
  const device = readDevice();
  if (!device?.user || !(await takesPart(invite, device))) {
    return;
  }
  try {
    await joinWith(device, { code: invite.code });
  } catch (problem) {
    if (problem.status !== 0) {
      throw problem;
    }
    // No signal: the page is on the phone, and so is everything that it needs to know.
    if (device.target !== invite.target) {
      return;
    }
  }
  location.replace("/field/");
}

const refused = pageData("invite");
if (refused && !refused.target && readDevice()?.target) {
  joinWith(readDevice(), { code: refused.code })
    .then(() => location.replace("/field/"))
    .catch(() => {});
}
