// Who takes part in more than one target has a switch between them on this phone.

import { call } from "./api.js";
import { readDevice, writeDevice } from "./device.js";
import { goOn } from "./holding.js";
import { h, part, show } from "./page.js";
import { now } from "./phone.js";
import { markElement } from "../marks.js";

let memberships = [];

/** Asks where this person takes part; with more than one place to go to, the switch is shown. */
async function learn() {
  try {
    ({ memberships } = await call("GET", "me/"));
  } catch (problem) {
    if (problem.status === undefined) {
      throw problem;
    }
  }
  part("switch").hidden = memberships.length < 2;
}

/** What taps do. */
export const acts = {
  targets: async () => {
    const { target: here } = readDevice();
    const lines = memberships.map(({ target: { id, name } }) => {
      const line = h("button", { type: "button", class: "button wide", "data-act": "target", "data-id": id });
      line.append(...(id === here ? [markElement("tick", "icon")] : []), name);
      line.setAttribute("aria-pressed", String(id === here));
      return line;
    });
    part("targets").replaceChildren(...lines);
    show("targets");
  },
  target: async (button) => {
    if (button.dataset.id === readDevice().target) {
      await goOn(now.held);
      return;
    }
    writeDevice({ ...readDevice(), target: button.dataset.id });
    location.reload();
  },
};

learn();
