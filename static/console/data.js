// What is chosen above the lists goes into the addresses of their files.

const since = document.getElementById("since");

/** Writes day and states into every link. */
function point() {
  for (const link of document.querySelectorAll("a[data-list]")) {
    const address = new URL(link.href);
    const state = document.querySelector(`select[data-state="${link.dataset.list}"]`)?.value ?? "";
    for (const [name, value] of [["since", since.value], ["state", state]]) {
      if (value) {
        address.searchParams.set(name, value);
      } else {
        address.searchParams.delete(name);
      }
    }
    link.href = address.href;
  }
}

document.getElementById("filters").addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("change", point);
// A page that one comes back to may have kept what was chosen.
point();
