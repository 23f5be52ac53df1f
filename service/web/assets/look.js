// Files dropped on the page: sent one after the other, each with its progress, its answer, and a way to stop.
// The file stays in this window: it is sent once more for its pixels, and again if somebody wants it kept.
import { viewerOf } from "./viewer.js";

const form = document.getElementById("drop");
const field = form.querySelector("input[type=file]");
const list = document.getElementById("files");
const status = document.getElementById("progress");
const pattern = document.getElementById("file");
const token = form.elements.csrf.value;
let queue = Promise.resolve();

class Stopped extends Error {}

function send(address, file, { binary = false, progress = () => {}, stoppable = () => {} } = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const body = new FormData();
    body.append("file", file, "file");
    request.open("POST", address);
    request.responseType = binary ? "arraybuffer" : "text";
    request.setRequestHeader("X-CSRF-Token", token);
    request.setRequestHeader("Accept", "*/*");
    request.upload.onprogress = (event) => progress(event.lengthComputable ? event.loaded / event.total : 0);
    request.upload.onload = () => progress(1);
    request.onload = () => (request.status < 400 ? resolve(request.response) : reject(new Error(reasonOf(request))));
    request.onerror = () => reject(new Error("The service cannot be reached."));
    request.onabort = () => reject(new Stopped("Stopped."));
    stoppable(() => request.abort());
    request.send(body);
  });
}

function reasonOf(request) {
  try {
    const text = request.responseType === "arraybuffer" ? new TextDecoder().decode(request.response) : request.response;
    const { detail } = JSON.parse(text);
    return `${detail[0].toUpperCase()}${detail.slice(1)}.`;
  } catch {
    return `The service answered ${request.status}.`;
  }
}

function take(files) {
  const cards = [...files].map((file) => card(file));
  list.prepend(...cards.map((each) => each.element));
  for (const each of cards) queue = queue.then(() => run(each));
}

function card(file) {
  const element = pattern.content.firstElementChild.cloneNode(true);
  const of = (selector) => element.querySelector(selector);
  const made = { file, element, bar: of("progress"), state: of(".state"), result: of(".result"), stop: of(".stop"), stopped: false, abort: () => {} };
  of(".name").textContent = file.name || "pasted picture";
  made.state.textContent = "Waiting for its turn.";
  made.stop.addEventListener("click", () => {
    made.stopped = true;
    made.abort();
    finish(made, "Stopped; nothing was kept.");
  });
  return made;
}

async function run(one) {
  if (one.stopped) return;
  say(one, "Sending …");
  try {
    const answer = await send("/look", one.file, {
      progress: (part) => {
        one.bar.value = part;
        if (part === 1) { one.bar.removeAttribute("value"); say(one, "Being looked at …"); }
      },
      stoppable: (abort) => { one.abort = abort; },
    });
    one.result.innerHTML = answer; // our own template, escaped by the server
    finish(one, "");
    status.textContent = `${one.file.name || "The picture"}: ${one.result.querySelector(".answer").textContent}`;
    offerToKeep(one);
    await bringPixels(one);
  } catch (error) {
    if (!(error instanceof Stopped)) fail(one, error.message);
  }
}

/** The real values take the place of the picture that came with the answer. */
async function bringPixels(one) {
  const element = one.result.querySelector(".viewer");
  if (!element) return;
  const viewer = viewerOf(element);
  viewer.show(await send("/look/pixels", one.file, { binary: true }));
  element.querySelector(".screen > img")?.remove();
}

function offerToKeep(one) {
  const place = one.result.querySelector(".keep");
  if (!place) return;
  place.hidden = false;
  const button = place.querySelector("[data-keep]");
  button.addEventListener("click", async () => {
    button.disabled = true;
    button.textContent = "Taking it in …";
    try {
      place.innerHTML = await send("/look/keep", one.file);
    } catch (error) {
      button.remove();
      place.append(notice(error.message));
    }
  });
}

function say(one, text) {
  one.state.textContent = text;
  status.textContent = `${one.file.name || "The picture"}: ${text}`;
}

function finish(one, text) {
  one.bar.remove();
  one.stop.remove();
  one.state.textContent = text;
}

function fail(one, reason) {
  finish(one, "");
  one.result.replaceChildren(notice(reason));
}

function notice(text) {
  const made = document.createElement("p");
  made.className = "notice bad";
  made.setAttribute("role", "alert");
  made.textContent = text;
  return made;
}

function hasFiles(event) {
  return [...(event.dataTransfer?.types || [])].includes("Files");
}

form.querySelectorAll(".send").forEach((button) => button.remove());
field.multiple = true; // a form without this script brings one
field.addEventListener("change", () => {
  take(field.files);
  field.value = "";
});
form.addEventListener("submit", (event) => event.preventDefault());
for (const over of ["dragenter", "dragover"]) {
  document.addEventListener(over, (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    document.body.classList.add("dropping");
  });
}
document.addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) document.body.classList.remove("dropping");
});
document.addEventListener("drop", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  document.body.classList.remove("dropping");
  take(event.dataTransfer.files);
});
document.addEventListener("paste", (event) => {
  if (event.clipboardData?.files.length) take(event.clipboardData.files);
});
