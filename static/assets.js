// Addresses that only the server knows (static files wear a hash in their names), and data that it wrote into the page.

/** Reads a JSON block that a template wrote with json_script; null when the page has none of that id. */
export function pageData(id) {
  const element = document.getElementById(id);
  return element ? JSON.parse(element.textContent) : null;
}

let addresses = null;

/** The address of a static file by its name in templates/assets.html: "mark" (to be followed by
 * a symbol's name), "marks", "land", "mapWorker", "mapStyle". */
export function asset(name) {
  addresses ??= pageData("assets");
  return addresses[name];
}
