// The parts of the join page.

/** The element with this id. */
export function part(id) {
  return document.getElementById(id);
}

/** Shows a sentence above the button; empty takes it away. */
export function notice(text) {
  part("join-problem-words").textContent = text;
  part("join-problem").hidden = !text;
}
