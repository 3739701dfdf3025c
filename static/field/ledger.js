// What the sender notes on this person's captures. A phone may be too full even for that: then it is remembered until
// there is room, and the sending goes on, which is what makes room.

import { call } from "./api.js";
import { readDevice } from "./device.js";
import { isMine } from "./queue.js";

/** The rows of the outbox, with what could not be written on them yet. */
export class Ledger {
  #outbox;
  #unwritten = new Map();
  #adoptedFor = null;

  /** @param {import("./outbox.js").Outbox} outbox */
  constructor(outbox) {
    this.#outbox = outbox;
  }

  /** Every capture of this phone, oldest first. */
  async all() {
    return (await this.#outbox.all()).map((one) => ({ ...one, ...this.#unwritten.get(one.id) }));
  }

  /** This person's captures, taken with whichever key of theirs, oldest first. */
  async mine() {
    const device = readDevice();
    return (await this.all()).filter((one) => isMine(one, device));
  }

  /** Takes over what was taken as somebody whom the server has since made one with this phone's person. */
  async adopt() {
    const device = readDevice();
    const others = (await this.all()).filter((one) => one.user && !one.safe && !isMine(one, device));
    if (others.length === 0 || this.#adoptedFor === device.user) {
      return;
    }
    const { formerly = [] } = await call("GET", "me/");
    this.#adoptedFor = device.user;
    for (const { id } of others.filter(({ user }) => formerly.includes(user))) {
      await this.write(id, { user: device.user });
    }
  }

  /** Notes some fields of a capture; what cannot be written is remembered, and written with the next note or pass. */
  async write(id, fields) {
    const all = { ...this.#unwritten.get(id), ...fields };
    this.#unwritten.set(id, all);
    try {
      await this.#outbox.change(id, all);
      this.#unwritten.delete(id);
    } catch (problem) {
      console.warn(problem);
    }
  }

  /** Tries once more to write what could not be written. */
  async settle() {
    for (const id of [...this.#unwritten.keys()]) {
      await this.write(id, {});
    }
  }

  /** Whether everything that is known of a capture is on the disk as well. */
  isWritten(id) {
    return !this.#unwritten.has(id);
  }
}
