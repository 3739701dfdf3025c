// What the board's filters say: as the parameters of an address, and as a number beside their name.

const FILTERS = ["text", "priority_from", "priority_until", "batch", "volunteer", "window", "planned"];

/** The element with this id. */
function part(id) {
  return document.getElementById(id);
}

/** What the filters say, as the parameters of an address. */
export function filters() {
  const said = new FormData(part("filters"));
  return new URLSearchParams(FILTERS.map((name) => [name, said.get(name) ?? ""]).filter(([, value]) => value));
}

/** Says how many filters are set. */
export function countFilters() {
  // Not by URLSearchParams.size, which is younger than some phones.
  const { length } = [...filters()];
  part("more-count").textContent = String(length);
  part("more-count").hidden = length === 0;
}

/** Writes the filters into the page's address. */
export function filtersToAddress() {
  const address = new URL(location.href);
  for (const name of FILTERS) {
    address.searchParams.delete(name);
  }
  for (const [name, value] of filters()) {
    address.searchParams.set(name, value);
  }
  history.replaceState(null, "", address);
}

/** Sets none of them. */
export function clearFilters() {
  for (const name of FILTERS) {
    part("filters").elements[name].value = "";
  }
}
