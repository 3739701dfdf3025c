// "Can't do this": why, in one of seven reasons and a note. Without signal it waits and goes by itself.

import { decline } from "./hand.js";
import { ask, sayOrKeep, showSlot } from "./holding.js";
import { notice, part, say, show } from "./page.js";
import { now } from "./phone.js";
import { words } from "../words.js";

const form = part("decline-form");

/** Says that something is missing, beside the button that asked for it. */
function remind(text) {
  say("decline-missing", text);
}

/** Sends what was chosen, and goes on with what comes next. */
async function send() {
  const reason = new FormData(form).get("reason");
  if (!reason) {
    remind(words.declineChoose);
    form.querySelector("input").focus();
    return;
  }
  const note = part("decline-note").value.trim();
  const { title } = now.held.slot;
  const left = await sayOrKeep(now.held, "decline", "declined", (held) => decline(held, reason, note), { reason, note });
  if (left) {
    showSlot(left);
  } else {
    await ask();
  }
  notice(words.declined(title));
}

/** What taps do. */
export const acts = {
  decline: async () => {
    form.reset();
    remind("");
    say("decline-title", now.held.slot.title || words.map);
    show("decline");
  },
  "decline-send": send,
  "decline-back": async () => showSlot(now.held),
};

form.addEventListener("change", () => remind(""));
form.addEventListener("submit", (event) => event.preventDefault());
