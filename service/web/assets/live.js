// A part of the page that asks for itself again: every data-live seconds, while the page is looked at, nobody
// uses a control inside it, and it is not paused. htmx does the asking; 304 changes nothing.
for (const part of document.querySelectorAll("[data-live]")) {
  const id = part.id;
  setInterval(() => {
    const here = document.getElementById(id);
    if (document.hidden || !here || here.dataset.paused || here.contains(document.activeElement)) return;
    if (!window.getSelection().isCollapsed || here.querySelector("details[open]")) return;
    htmx.trigger(here, "again");
  }, Number(part.dataset.live) * 1000);
}

for (const button of document.querySelectorAll("[data-pauses]")) {
  let paused = false;
  const show = () => {
    const part = document.getElementById(button.dataset.pauses);
    if (part) part.dataset.paused = paused ? "yes" : "";
    button.textContent = paused ? "Go on" : "Pause";
    button.setAttribute("aria-pressed", String(paused));
  };
  button.hidden = false;
  button.addEventListener("click", () => { paused = !paused; show(); });
  document.addEventListener("keydown", (event) => {
    if (event.key === "p" && !event.target.closest("input, select, textarea") && !event.ctrlKey && !event.metaKey) button.click();
  });
}
