// Order check by keyboard: studies, films, words. Everything here only presses what is on the page.
document.documentElement.classList.add("scripted");

// [[path of the study, review id]] of this person in this tab, the latest last
const STACK = `order-check-words ${document.getElementById("card").dataset.who}`;
const study = () => document.getElementById("study");
const frames = () => [...document.querySelectorAll(".frame")];
const links = () => [...document.querySelectorAll("#worklist a[data-study]")];
const correct = document.getElementById("correct");
const dismiss = document.getElementById("dismiss");
let goesOn = null; // after a word: the place it was about
let movesFocus = false; // after j, k or a click in the list: the new study takes the focus
let target = null; // what the open dialog is about

const words = () => JSON.parse(sessionStorage.getItem(STACK) ?? "[]");
const keep = (list) => sessionStorage.setItem(STACK, JSON.stringify(list.slice(-200)));

function currentFrame() {
  return document.activeElement?.closest?.(".frame") ?? frames().find((one) => one.dataset.open) ?? frames()[0];
}

function step(by) {
  const all = links();
  const at = all.findIndex((one) => one.dataset.study === study()?.dataset.study);
  const next = at < 0 ? all[0] : all[at + by];
  if (next) return next.click();
  if (by > 0) document.querySelector("#worklist .more a")?.click();
}

function stepFilm(by) {
  const all = frames();
  if (!all.length) return;
  const at = all.indexOf(document.activeElement?.closest?.(".frame"));
  all[Math.min(Math.max(at + by, 0), all.length - 1)].focus();
}

function post(action, values) {
  const here = new URL(study().dataset.here, location);
  goesOn = action === "words" ? `${values.sop_instance_uid} ${values.about ?? ""}` : null;
  htmx.ajax("POST", `${here.pathname}/${action}${here.search}`, { target: "#card", source: "#card", values });
}

function takeBack() {
  const list = words();
  const last = list.pop();
  if (!last) return tell("There is nothing of yours to take back.");
  keep(list);
  const [here, id] = last;
  const url = new URL(here, location);
  goesOn = null;
  movesFocus = true;
  htmx.ajax("POST", `${url.pathname}/undo${url.search}`, { target: "#card", source: "#card", values: { review_id: id } });
}

function tell(text) {
  document.getElementById("told").textContent = text;
}

function mark() {
  const uid = study()?.dataset.study;
  for (const one of links()) {
    if (one.dataset.study === uid) one.setAttribute("aria-current", "true");
    else one.removeAttribute("aria-current");
  }
  links().find((one) => one.dataset.study === uid)?.scrollIntoView({ block: "nearest" });
}

// After a word: to the next place that is still open, in this study or in the next one.
function goOn(place) {
  const all = frames();
  const key = (one) => `${one.dataset.place} ${one.dataset.about}`;
  const at = all.findIndex((one) => key(one) === place || key(one) === `${place.split(" ")[0]} `);
  const next = [...all.slice(at + 1), ...all.slice(0, at + 1)].find((one) => one.dataset.open);
  if (next) next.focus();
  else if (links().at(-1)?.dataset.study === study().dataset.study) all[at]?.focus();
  else { movesFocus = true; step(1); }
}

// A word is remembered in the moment it is shown: who takes it back at once means this one.
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.id !== "card" || !event.detail.xhr) return;
  const said = study()?.dataset;
  if (said?.review) keep([...words(), [said.here, said.review]]);
});

document.body.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target?.id !== "card" || !event.detail.xhr) return;
  mark();
  const shown = study();
  if (event.detail.requestConfig.verb === "post") {
    const place = goesOn;
    goesOn = null;
    if (place !== null && shown?.dataset.review) return goOn(place);
  }
  if (movesFocus) (frames().find((one) => one.dataset.open) ?? frames()[0])?.focus();
  movesFocus = false;
});

// Few pictures are made at a time: one that was turned away is asked for again, a little later.
document.addEventListener("error", (event) => {
  const picture = event.target;
  if (!picture.matches?.(".plate img")) return;
  const tries = Number(picture.dataset.tries ?? 0) + 1;
  picture.dataset.tries = tries;
  if (tries > 4) picture.replaceWith(Object.assign(document.createElement("span"), { textContent: "no picture" }));
  else setTimeout(() => { picture.src = picture.getAttribute("src"); }, 1000 * tries);
}, true);

// The verdict that follows from a word comes a moment later. Whatever somebody does meanwhile comes first.
let asking = false;
let requests = 0;
document.body.addEventListener("htmx:beforeRequest", () => { requests += 1; });

async function refresh() {
  const shown = study();
  const before = requests;
  const answer = await fetch(shown.dataset.here, { headers: { "HX-Request": "true", "X-Polls": "1" } });
  if (!answer.ok) return;
  const text = await answer.text();
  if (requests !== before || study() !== shown || correct?.open || dismiss?.open) return;
  const at = frames().indexOf(document.activeElement?.closest?.(".frame"));
  htmx.swap("#card", text, { swapStyle: "innerHTML", swapDelay: 0, settleDelay: 0 });
  mark();
  if (at >= 0) frames()[at]?.focus();
}

setInterval(() => {
  if (asking || !study()?.dataset.stale || document.hidden) return;
  asking = true;
  refresh().catch(() => {}).finally(() => { asking = false; });
}, 2000);

document.body.addEventListener("click", (event) => {
  const list = event.target.closest("#worklist a[data-study]");
  if (list) movesFocus = true;
  const button = event.target.closest("[data-do]");
  if (!button) return;
  const frame = button.closest(".frame");
  target = {
    sop_instance_uid: button.dataset.place ?? frame.dataset.place,
    about: button.dataset.about ?? frame.dataset.about,
    frame,
  };
  if (button.dataset.do === "confirm") goesOn = `${target.sop_instance_uid} ${target.about}`;
  if (button.dataset.do === "correct") openCorrect(frame);
  if (button.dataset.do === "dismiss") openDismiss();
});

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  ArrowRight: () => stepFilm(1),
  ArrowLeft: () => stepFilm(-1),
  c: () => press("confirm"),
  e: () => press("correct"),
  d: () => press("dismiss"),
  u: takeBack,
  Enter: () => document.getElementById("open-study")?.click(),
};

function press(what) {
  const frame = currentFrame();
  const button = frame?.querySelector(`.actions [data-do=${what}]`);
  if (button) { frame.focus(); button.click(); }
  else if (what === "confirm" && frame?.querySelector("[data-do=correct]")) tell("No view is stated that could be confirmed: e says which it is.");
}

let going = false; // g was pressed: the next key names a page
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.closest("input, select, textarea, [contenteditable]")) return;
  if (event.key === "g") { going = true; setTimeout(() => { going = false; }, 1500); return; }
  if (going) { going = false; return; }
  if (event.key === "Enter" && event.target.closest("a, button, summary")) return;
  if (!study() && event.key !== "j") return;
  const act = KEYS[event.key];
  if (act) { event.preventDefault(); act(); }
});

// The picker of views: type parts of the name, arrows, Enter.
const text = document.getElementById("view-text");
const options = () => [...document.querySelectorAll("#view-list [role=option]")];
const chosen = () => document.querySelector("#view-list [aria-selected=true]");

function choose(option) {
  for (const one of options()) one.setAttribute("aria-selected", String(one === option));
  if (option) text.setAttribute("aria-activedescendant", option.id);
  else text.removeAttribute("aria-activedescendant");
  option?.scrollIntoView({ block: "nearest" });
}

function narrow() {
  const parts = text.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const one of options()) {
    const name = one.textContent.trim().toLowerCase().split(" ");
    one.hidden = !parts.every((part) => name.some((word) => word.startsWith(part)));
  }
  for (const group of document.querySelectorAll("#view-list [role=group]")) group.hidden = !group.querySelector("[role=option]:not([hidden])");
  const left = options().filter((one) => !one.hidden);
  document.getElementById("view-none").textContent = left.length ? "" : "No view of that name.";
  choose(left.includes(chosen()) ? chosen() : left[0]);
}

function openCorrect(frame) {
  text.value = "";
  narrow();
  choose(document.getElementById(`view-${frame.dataset.view}`) ?? options()[0]);
  correct.querySelector(`input[name=side][value="${frame.dataset.side}"]`).checked = true;
  correct.showModal();
  text.focus();
  chosen()?.scrollIntoView({ block: "center" });
}

text?.addEventListener("input", narrow);
text?.addEventListener("keydown", (event) => {
  const left = options().filter((one) => !one.hidden);
  const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
  if (by) {
    event.preventDefault();
    choose(left[Math.min(Math.max(left.indexOf(chosen()) + by, 0), left.length - 1)]);
  }
});
correct?.addEventListener("keydown", (event) => {
  const side = event.altKey && correct.querySelector(`input[name=side][value="${CSS.escape(event.key.toUpperCase())}"]`);
  if (side) { event.preventDefault(); side.checked = true; }
});
document.getElementById("view-list")?.addEventListener("click", (event) => {
  const option = event.target.closest("[role=option]");
  if (option) { choose(option); text.focus(); }
});
correct?.addEventListener("submit", (event) => {
  if (event.submitter?.value !== "keep") return;
  if (!chosen()) return event.preventDefault();
  const side = correct.querySelector("input[name=side]:checked").value;
  const { sop_instance_uid } = target;
  post("words", { sop_instance_uid, action: "correct", view: chosen().dataset.view, ...(side && { side }) });
});

// The reasons: a digit picks one, Enter keeps it.
const reason = document.getElementById("reason-text");
const ready = () => [...dismiss.querySelectorAll("input[name=ready]")];

function openDismiss() {
  for (const one of ready()) one.checked = false;
  reason.value = "";
  dismiss.showModal();
  ready()[0].focus();
}

reason?.addEventListener("input", () => { ready().at(-1).checked = true; });
dismiss?.addEventListener("keydown", (event) => {
  const one = event.target === reason ? null : ready()[Number(event.key) - 1];
  if (!one) return;
  event.preventDefault();
  one.checked = true;
  (one.value ? one : reason).focus();
});
dismiss?.addEventListener("submit", (event) => {
  if (event.submitter?.value !== "keep") return;
  const because = ready().find((one) => one.checked)?.value || reason.value.trim();
  if (!because) { event.preventDefault(); reason.focus(); return; }
  const { sop_instance_uid, about } = target;
  post("words", { sop_instance_uid, action: "dismiss", reason: because, ...(about && { about }) });
});
mark();
