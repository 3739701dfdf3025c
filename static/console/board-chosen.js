// What is done with many places at once: one request, told in a sentence, and undone by another.

import { newId } from "../field/device.js";
import { boardWords } from "./board-words.js";

const MOST = 10_000;

/** The element with this id. */
function part(id) {
  return document.getElementById(id);
}

/** The card under the map, about the places that were chosen. */
export class Chosen {
  /**
   * @param {string} target the target's id
   * @param {() => void} changed called when places were changed
   */
  constructor(target, changed) {
    this.address = `/api/v1/targets/${target}/slots/change/`;
    this.changed = changed;
    this.ids = [];
    this.last = null;
    for (const button of document.querySelectorAll("#chosen-actions [data-action]")) {
      button.addEventListener("click", () => this.#act(button.dataset.action));
    }
    part("chosen-undo").addEventListener("click", () => this.#send(`${this.address}undo/`, { change: this.last.id }));
    part("chosen-close").addEventListener("click", () => this.close());
  }

  /** Says how to draw. */
  drawing() {
    this.#show([]);
    part("chosen-hint").hidden = false;
    part("chosen-count").textContent = "";
    part("chosen-actions").hidden = true;
  }

  /** Shows what can be done with places, by their ids; null where it could not be found out which they are. */
  choose(ids) {
    const count = ids?.length ?? 0;
    this.#show(ids ?? []);
    part("chosen-count").textContent = count ? boardWords.chosen(count) : boardWords.noneChosen;
    part("chosen-actions").hidden = count === 0 || count > MOST;
    if (count > MOST) {
      this.#say(boardWords.tooMany(MOST));
    } else if (!ids) {
      this.#say(boardWords.failed, true);
    }
  }

  /** Says that nothing was chosen, since the places that are shown are not those that were asked for. */
  notFiltered() {
    this.choose([]);
    this.#say(boardWords.notFiltered, true);
  }

  /** Goes away. */
  close() {
    part("chosen").hidden = true;
  }

  #show(ids) {
    this.ids = ids;
    this.last = null;
    part("chosen").hidden = false;
    part("chosen-hint").hidden = true;
    this.#say("");
    part("chosen-undo").hidden = true;
  }

  #act(action) {
    const priority = part("chosen-priority");
    // What is no number is empty, and would be 0.
    if (action === "priority" && (!priority.value || !priority.checkValidity())) {
      this.#say(boardWords.wrongPriority, true);
      priority.focus();
      return;
    }
    const more = {
      withdraw: () => ({ release_holders: part("chosen-holders").checked }),
      release: () => ({}),
      priority: () => ({ priority: Number(priority.value) }),
      assign: () => ({ volunteer: part("chosen-volunteer").value }),
    };
    this.#send(this.address, { action, slots: this.ids, operation_id: newId(), ...more[action]() });
  }

  async #send(address, body) {
    part("chosen").setAttribute("aria-busy", "true");
    try {
      const { "X-CSRFToken": token } = JSON.parse(document.body.getAttribute("hx-headers"));
      const answer = await fetch(address, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": token },
        body: JSON.stringify(body),
      });
      const said = await answer.json();
      this.#tell(answer.ok ? said : null, said.detail);
    } catch {
      this.#tell(null, boardWords.failed);
    }
    part("chosen").removeAttribute("aria-busy");
    this.changed();
  }

  #say(text, warn = false) {
    part("chosen-result").classList.toggle("warn", warn);
    part("chosen-result").textContent = text;
  }

  #tell(done, refusal) {
    part("chosen-undo").hidden = !done?.undoable;
    if (!done) {
      this.#say(refusal, true);
      return;
    }
    this.last = done;
    part("chosen-actions").hidden = true;
    const left = Object.entries(done.left).map(([why, n]) => boardWords.leftOne(n, boardWords.why[why] ?? why));
    const told = done.told ? boardWords.told(done.told) : "";
    const rest = left.length ? boardWords.left(left.join(", ")) : "";
    this.#say([boardWords.did[done.action](done.changed), told, rest].join(" ").trim());
  }
}
