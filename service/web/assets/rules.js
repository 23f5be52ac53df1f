// The draft: Ctrl+Enter checks it, and it is not lost by leaving the page unasked.
const draft = document.getElementById("draft");
let leaving = false;

draft.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    draft.dispatchEvent(new Event("check"));
  }
});
document.getElementById("draft-form").addEventListener("submit", () => { leaving = true; });
addEventListener("beforeunload", (event) => {
  if (!leaving && !draft.readOnly && draft.value.trim() !== draft.dataset.inForce.trim()) event.preventDefault();
});
