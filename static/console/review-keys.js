// Letters that act, unless somebody types or has switched them off.

const KEPT = "review-letters-are-no-keys";
const ACTS = { a: "accept", r: "reject", s: "skip", u: "undo", c: "compare", l: "link", "?": "help" };

function writes(element) {
  return element instanceof HTMLElement && element.matches("input:not([type=checkbox]), textarea, select");
}

/**
 * Listens for keys.
 * @param {(what: string) => void} act called with what a letter means, or "back"
 * @param {(number: number) => boolean} choose called with a digit
 */
export function listen(act, choose) {
  const on = document.getElementById("keys-on");
  on.checked = localStorage.getItem(KEPT) === null;
  on.addEventListener("change", () => (on.checked ? localStorage.removeItem(KEPT) : localStorage.setItem(KEPT, "yes")));
  addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || document.querySelector("dialog[open]")) {
      return;
    }
    if (key === "Escape") {
      act("back");
      return;
    }
    if (writes(target) || !on.checked) {
      return;
    }
    if (/^[1-9]$/.test(key) && choose(Number(key))) {
      event.preventDefault();
    } else if (ACTS[key.toLowerCase()]) {
      event.preventDefault();
      act(ACTS[key.toLowerCase()]);
    }
  });
}
