// The photo that a reviewer did not accept, shown with the reason before it is taken again.

import { h, style } from "./page.js";
import { drawPicture } from "./pictures.js";
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
