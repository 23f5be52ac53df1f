// A study by keyboard: j and k move from film to film.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !["j", "k"].includes(event.key)) return;
  if (event.target.closest("input, select, textarea") || document.querySelector("dialog[open]")) return;
  const films = [...document.querySelectorAll(".film")];
  const here = films.findIndex((film) => film.contains(document.activeElement));
  const next = event.key === "j" ? here + 1 : Math.max(here, 1) - 1;
  const film = films[Math.min(next, films.length - 1)];
  (film?.querySelector("canvas") || film?.querySelector("summary"))?.focus();
});
