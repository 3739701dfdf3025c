// Beside each field: what the chosen column holds, as soon as another one is chosen.

import { pageData } from "../assets.js";

const examples = pageData("examples");

document.getElementById("columns-form").addEventListener("change", ({ target }) => {
  const shown = document.getElementById(`example-${target.name}`);
  if (shown) {
    shown.textContent = examples[Number.parseInt(target.value, 10)] ?? "";
  }
});
