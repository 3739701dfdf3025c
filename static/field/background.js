// What the service worker does when the browser says that there is a network again: it sends what the page could not.

import { carryDevice } from "./device.js";
import { Outbox } from "./outbox.js";
import { Sender } from "./sender.js";

/** Sends everything once, as who the page has said that this phone is. Rejects where something is left to be sent. */
export async function sendInBackground() {
  const outbox = new Outbox();
  const device = await outbox.kept("device");
  if (!device?.user) {
    return;
  }
  carryDevice(device);
  await new Sender(outbox).sendAll();
}
