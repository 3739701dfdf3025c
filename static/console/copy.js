// "Copy" buttons: data-copy names the field whose text is copied.

import { words } from "../words.js";

for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      document.getElementById("copied").textContent = words.copied;
    } catch {
      document.getElementById("copied").textContent = words.copyFailed;
    }
  });
}
