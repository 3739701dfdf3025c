// Lists that are drawn anew while somebody uses them.

/**
 * Puts elements into a parent in this order; those that are there already are not taken out, so that the focus stays
 * where it is, nothing is read out twice, and nothing is built anew under a finger.
 */
export function arrange(parent, elements) {
  const stay = new Set(elements);
  for (const child of [...parent.children]) {
    if (!stay.has(child)) {
      child.remove();
    }
  }
  elements.forEach((element, place) => {
    if (parent.children[place] !== element) {
      parent.insertBefore(element, parent.children[place] ?? null);
    }
  });
}
