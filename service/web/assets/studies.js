// The list of studies by keyboard: j and k move, Enter opens, Escape leaves the search field.
function lines() {
  return [...document.querySelectorAll("#results a.study, #results .more button")];
}

function step(by) {
  const all = lines();
  const here = all.indexOf(document.activeElement);
  const next = here < 0 ? (by > 0 ? 0 : all.length - 1) : here + by;
  all[Math.min(Math.max(next, 0), all.length - 1)]?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.closest("input, select, textarea");
  if (typing && event.key === "Escape") {
    typing.blur();
    lines()[0]?.focus();
  }
  if (typing || document.querySelector("dialog[open]")) return;
  if (event.key === "j") step(1);
  if (event.key === "k") step(-1);
});

// "More" is gone once its lines are there: the first of them is where one goes on reading.
document.addEventListener("htmx:beforeSwap", (event) => {
  const row = event.detail.target;
  if (!row.matches?.("tr.more") || !row.contains(document.activeElement)) return;
  const before = lines().length - 1;
  document.addEventListener("htmx:afterSettle", () => lines()[before]?.focus(), { once: true });
});
