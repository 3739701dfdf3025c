// The photo that a reviewer did not accept, shown with the reason before it is taken again, and what may be said to it.

import { call } from "./api.js";
import { h, style } from "./page.js";
import { drawPicture } from "./pictures.js";
import { photoWords } from "../photo-words.js";
import { words } from "../words.js";

/**
 * The photo of a rejection, for the message that tells of it.
 * @param {{capture: string}} data of a message of the kind "capture_rejected"
 * @returns {HTMLElement} hidden until the server has given the photo, and where it does not
 */
export function rejectedPhoto({ capture }) {
  const photo = h("img", { alt: words.yourPhoto, class: "rejected-photo", hidden: "", "data-testid": "rejected-photo" });
  style("after").then(() => drawPicture(photo, `/api/v1/captures/${capture}/photo/small/`));
  return photo;
}

/**
 * Where the person may say, once, why the photo is right: folded up until it is wanted.
 * @param {{capture: string}} data of a message of the kind "capture_rejected"
 * @returns {HTMLElement}
 */
export function objection({ capture }) {
  const text = h("textarea", { maxlength: "1000", rows: "3", "aria-label": photoWords.object, "data-testid": "objection" });
  const send = { type: "button", class: "button", "data-act": "object", "data-id": capture, "data-testid": "object" };
  const summary = h("summary", {}, photoWords.object);
  return h("details", { class: "objection" }, summary, text, h("button", send, photoWords.sendObjection));
}

/** Sends what was written, and says what becomes of it; where it cannot be sent, it stays as it was written. */
export async function object(button) {
  const fold = button.closest("details");
  const field = fold.querySelector("textarea");
  const text = field.value.trim();
  if (!text) {
    field.focus();
    return;
  }
  await call("POST", `captures/${button.dataset.id}/dispute/`, { text });
  const said = h("p", { class: "second objection", role: "status", tabindex: "-1" }, photoWords.objected);
  fold.replaceWith(said);
  said.focus({ preventScroll: true });
}
