// Without signal: how old what is shown is. Nothing is hidden for its age; one only has to know it.

import { line } from "./api.js";
import { knownAt } from "./hand.js";
import { h, part, say } from "./page.js";
import { bus } from "./router.js";
import { markElement } from "../marks.js";
import { photoWords } from "../photo-words.js";
import { clockText, dayText } from "../words.js";

let silent = !navigator.onLine;

/** "14:05", or "19 November, 14:05" where that was not today. */
function timeText(moment) {
  const today = new Date(moment).toDateString() === new Date().toDateString();
  return today ? clockText(moment) : `${dayText(moment)}, ${clockText(moment)}`;
}

/** The plate above every screen; made when it is first needed. */
function plate() {
  const known = part("as-of");
  if (known) {
    return known;
  }
  const made = h("div", { class: "plate", id: "as-of", role: "status", "data-testid": "as-of" });
  made.append(markElement("signal", "icon"), h("p", { id: "as-of-words" }));
  part("notice").before(made);
  return made;
}

/** Draws it where there is no signal and something is shown that was known before. */
function draw() {
  const at = silent ? knownAt() : null;
  if (at || part("as-of")) {
    plate().hidden = !at;
    say("as-of-words", at ? photoWords.asOf(timeText(at)) : "");
  }
}

/** Notes whether the server can be reached. */
function note(now) {
  silent = now;
  draw();
}

line.addEventListener("silent", () => note(true));
line.addEventListener("answered", () => note(false));
addEventListener("offline", () => note(true));
bus.addEventListener("held", draw);
draw();
