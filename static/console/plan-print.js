// Ways to print: the button is there only where scripts are.

const button = document.querySelector("[data-print]");
button.hidden = false;
button.addEventListener("click", () => print());
