// "Print" buttons: data-print opens the browser's own dialog.

for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => window.print());
}
