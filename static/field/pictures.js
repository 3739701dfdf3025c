// Pictures that only members may see: fetched as this phone, since an <img> cannot say who asks.

import { readDevice } from "./device.js";

const addresses = new WeakMap();

/** A picture of the server by its address; null where it cannot be had. Nothing is thrown: a picture is never needed. */
export async function pictureOf(address) {
  const device = readDevice();
  if (!address || !device) {
    return null;
  }
  try {
    const answer = await fetch(address, {
      credentials: "omit",
      headers: { Authorization: `Bearer ${device.token}` },
    });
    return answer.ok ? await answer.blob() : null;
  } catch {
    return null;
  }
}

/** Shows a blob in an <img>, and lets go of the one that it showed before. What cannot be shown leaves no broken frame. */
export function showBlob(image, blob) {
  URL.revokeObjectURL(addresses.get(image));
  image.hidden = !blob;
  if (!blob) {
    image.removeAttribute("src");
    return;
  }
  const address = URL.createObjectURL(blob);
  addresses.set(image, address);
  image.onerror = () => {
    image.hidden = true;
  };
  image.src = address;
}

/** Shows a picture of the server in an <img>, or hides that; gives whether there is one. */
export async function drawPicture(image, address) {
  const blob = await pictureOf(address);
  showBlob(image, blob);
  return Boolean(blob);
}
