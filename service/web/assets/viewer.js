// A film that is windowed, moved and turned here, on its real values: docs/pages.md, "The viewer".
// The values come once (service/web/film_values.py); dragging asks the server for nothing.

import { coloured } from "./heat.js";

const CODES = 65536;
const ZOOM = { least: 0.5, most: 40, step: 1.25 };
const SHARP = 1024; // pixels of the long side that a card gets at first; LARGE when it is looked at closely
const LARGE = 2048;
const NAMESPACE = "http://www.w3.org/2000/svg";
const PATIENCE = 4; // how often a film is asked for again while the server is busy

/** What the server sent: its description, and its codes row by row: one of 16 bits a pixel, or three of 8. */
export function understand(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const told = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const Codes = told.samples === 3 ? Uint8Array : Uint16Array;
  return { ...told, codes: new Codes(buffer, 4 + length, told.rows * told.columns * told.samples) };
}

/** Brightness in [0, 1] of a value: the windows of PS3.3 C.11.2.1.2 and C.11.2.1.3, or a table's entry. */
export function brightness(curve, value) {
  if (curve.entries) {
    const index = Math.round(value) - curve.first;
    return curve.entries[Math.min(Math.max(index, 0), curve.entries.length - 1)];
  }
  const { center, width } = curve;
  if (curve.function === "SIGMOID") return 1 / (1 + Math.exp((-4 * (value - center)) / width));
  if (curve.function === "LINEAR_EXACT") return clamp((value - center) / width + 0.5, 0, 1);
  if (width <= 1) return value > center - 0.5 ? 1 : 0;
  return clamp((value - (center - 0.5)) / (width - 1) + 0.5, 0, 1);
}

/** A window that shows about what a table shows: from where it leaves black to where it reaches white. */
export function windowLike(curve) {
  if (!curve.entries) return { ...curve };
  const low = curve.entries.findIndex((entry) => entry > 0.02);
  const high = curve.entries.findIndex((entry) => entry >= 0.98);
  const first = curve.first + Math.max(low, 0);
  const last = curve.first + (high < 0 ? curve.entries.length - 1 : high);
  return { center: (first + last) / 2, width: Math.max(last - first, 1), function: "LINEAR_EXACT" };
}

function clamp(number, low, high) {
  return Math.min(Math.max(number, low), high);
}

function shownNumber(number) {
  return Math.abs(number) >= 100 || Number.isInteger(number) ? String(Math.round(number)) : number.toPrecision(3);
}

// One film at a time: the server makes few, and cards further down can wait.
let turn = Promise.resolve();

export class Viewer {
  constructor(element) {
    this.element = element;
    this.canvas = element.querySelector("canvas");
    this.overlay = element.querySelector("svg");
    this.readout = element.querySelector(".readout");
    this.message = element.querySelector(".message");
    this.notes = element.querySelector(".notes");
    this.presets = element.querySelector("select");
    this.boxes = JSON.parse(element.dataset.boxes || "[]");
    this.upright = Number(element.dataset.rotation || 0);
    this.heatBar = element.querySelector(".heat");
    this.heat = null; // a picture to lay over the film
    this.heatButton = null;
    this.picture = document.createElement("canvas");
    this.film = null;
    this.tool = "window";
    this.pointers = new Map();
    this.listen();
    this.reset();
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  // --- what is shown -------------------------------------------------------------------------------

  /** Show what the server sent; a sharper copy of the film that is shown already keeps window and place. */
  show(buffer) {
    const first = this.film === null;
    this.film = understand(buffer);
    this.picture.width = this.film.columns;
    this.picture.height = this.film.rows;
    this.pixels = new ImageData(this.film.columns, this.film.rows);
    this.words = new Uint32Array(this.pixels.data.buffer);
    this.table = new Uint32Array(CODES);
    if (first) this.offerCurves();
    this.notes.textContent = this.film.notes.map((note) => `${note[0].toUpperCase()}${note.slice(1)}.`).join(" ");
    // An answer about a file that was dropped lists them already.
    this.notes.hidden = this.film.notes.length === 0 || !this.element.dataset.source;
    this.say("");
    this.element.dataset.state = "shown";
    this.element.dataset.longSide = Math.max(this.film.rows, this.film.columns);
    if (first) this.reset();
    else this.tone();
  }

  async load(longSide) {
    if (!this.element.dataset.source || this.asked >= longSide || this.isWhole()) return;
    this.asked = longSide;
    if (this.film === null) this.say("Loading the film …");
    turn = turn.then(() => this.fetch(longSide)).catch(() => {});
    await turn;
  }

  /** Whether the film is no larger than what is here: no sharper copy of it exists. */
  isWhole() {
    return this.film !== null && Math.max(this.film.rows, this.film.columns) < this.asked;
  }

  async fetch(longSide) {
    for (let again = 0; again < PATIENCE; again += 1) {
      const answer = await fetch(`${this.element.dataset.source}?long_side=${longSide}`).catch(() => null);
      if (answer?.ok) return this.show(await answer.arrayBuffer());
      if (answer && answer.status !== 503) return this.fail(await reasonOf(answer));
      await new Promise((resolve) => { setTimeout(resolve, 1500); });
    }
    return this.fail("The service is busy: load the page again in a moment.");
  }

  fail(reason) {
    if (this.film !== null) return;
    this.element.dataset.state = "failed";
    this.say(reason);
  }

  say(text) {
    this.message.textContent = text;
    this.message.hidden = text === "";
  }

  offerCurves() {
    const options = this.film.curves.map((curve, index) => new Option(curve.name, String(index)));
    this.presets.replaceChildren(...options, new Option("By hand", "", false, false));
  }

  // --- state ---------------------------------------------------------------------------------------

  reset() {
    this.inverted = false;
    this.angle = 0;
    this.flipped = false;
    this.showBoxes = true;
    this.fit();
    this.useCurve(0);
  }

  fit() {
    this.zoom = 1;
    this.pan = { x: 0, y: 0 };
    this.draw();
  }

  useCurve(index) {
    if (this.film === null) return;
    this.curve = { ...this.film.curves[index] };
    this.presets.value = String(index);
    this.tone();
  }

  /** Move the window; both in units of the values. */
  adjust(center, width) {
    if (this.film === null) return;
    const now = windowLike(this.curve);
    const least = now.function === "LINEAR" || now.function === undefined ? 2 : this.film.slope;
    this.curve = { ...now, center: now.center + center, width: Math.max(now.width + width, least) };
    this.presets.value = "";
    this.tone();
  }

  turnBy(degrees) {
    this.angle = (((this.angle + degrees) % 360) + 360) % 360;
    this.draw();
  }

  zoomBy(factor, at) {
    const zoom = clamp(this.zoom * factor, ZOOM.least, ZOOM.most);
    const done = zoom / this.zoom;
    const middle = { x: this.canvas.clientWidth / 2, y: this.canvas.clientHeight / 2 };
    const from = at || middle;
    this.pan.x = (this.pan.x - (from.x - middle.x)) * done + (from.x - middle.x);
    this.pan.y = (this.pan.y - (from.y - middle.y)) * done + (from.y - middle.y);
    this.zoom = zoom;
    if (zoom > 1.5) this.load(LARGE);
    this.draw();
  }

  // --- drawing -------------------------------------------------------------------------------------

  /** Put the window on the values. */
  tone() {
    const { slope, intercept, inverted } = this.film;
    const dark = inverted !== this.inverted;
    for (let code = 0; code < CODES; code += 1) {
      const level = brightness(this.curve, code * slope + intercept);
      const gray = Math.round(255 * (dark ? 1 - level : level));
      this.table[code] = 0xff000000 | (gray << 16) | (gray << 8) | gray;
    }
    this.fill();
    this.picture.getContext("2d").putImageData(this.pixels, 0, 0);
    const { center, width } = windowLike(this.curve);
    this.tell(`Window: center ${shownNumber(center)}, width ${shownNumber(width)}${this.inverted ? ", inverted" : ""}`);
    this.draw();
  }

  /** Every pixel's word, of its code or of its three. */
  fill() {
    const { words, table, film: { codes, samples } } = this;
    if (samples === 1) {
      for (let index = 0; index < words.length; index += 1) words[index] = table[codes[index]];
      return;
    }
    for (let index = 0, at = 0; index < words.length; index += 1, at += 3) {
      const [red, green, blue] = [table[codes[at]], table[codes[at + 1]], table[codes[at + 2]]];
      words[index] = 0xff000000 | (blue & 0xff0000) | (green & 0xff00) | (red & 0xff);
    }
  }

  /** From the film's pixels to the canvas, in CSS pixels. */
  matrix() {
    const { rows, columns } = this.film;
    const { clientWidth, clientHeight } = this.canvas;
    const lying = this.angle % 180 !== 0;
    const scale = Math.min(clientWidth / (lying ? rows : columns), clientHeight / (lying ? columns : rows));
    return new DOMMatrix()
      .translate(clientWidth / 2 + this.pan.x, clientHeight / 2 + this.pan.y)
      .scale(scale * this.zoom)
      .rotate(this.angle)
      .scale(this.flipped ? -1 : 1, 1)
      .translate(-columns / 2, -rows / 2);
  }

  /** From stored pixels to the film's. */
  onFilm(x, y) {
    const { scale, offset } = this.film;
    return new DOMPoint((x - offset[0]) / scale[0], (y - offset[1]) / scale[1]);
  }

  draw() {
    if (this.film === null || this.canvas.clientWidth === 0) return;
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.drawNow());
  }

  drawNow() {
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(this.canvas.clientWidth * ratio);
    this.canvas.height = Math.round(this.canvas.clientHeight * ratio);
    const context = this.canvas.getContext("2d");
    const matrix = this.matrix();
    context.setTransform(new DOMMatrix().scale(ratio).multiply(matrix));
    context.imageSmoothingEnabled = Math.hypot(matrix.a, matrix.b) * ratio < 8; // beyond that one wants to see the pixels
    context.imageSmoothingQuality = "high";
    context.drawImage(this.picture, 0, 0);
    this.drawHeat(context);
    this.drawBoxes(matrix);
    this.element.dataset.drawn = String(Number(this.element.dataset.drawn || 0) + 1);
  }

  drawHeat(context) {
    if (this.heat === null) return;
    context.globalAlpha = Number(this.heatBar.querySelector("input").value) / 100;
    context.imageSmoothingEnabled = true;
    context.drawImage(this.heat, 0, 0, this.film.columns, this.film.rows);
    context.globalAlpha = 1;
  }

  drawBoxes(matrix) {
    const drawn = this.showBoxes ? this.boxes.flatMap((box) => this.drawnBox(box, matrix)) : [];
    this.overlay.replaceChildren(...drawn);
  }

  drawnBox(box, matrix) {
    const corners = [[0, 0], [1, 0], [1, 1], [0, 1]].map(([right, down]) =>
      this.onFilm(box.x + right * box.width, box.y + down * box.height).matrixTransform(matrix));
    const frame = document.createElementNS(NAMESPACE, "polygon");
    frame.setAttribute("points", corners.map((point) => `${point.x.toFixed(1)},${point.y.toFixed(1)}`).join(" "));
    const text = document.createElementNS(NAMESPACE, "text");
    const left = Math.min(...corners.map((point) => point.x));
    const top = Math.min(...corners.map((point) => point.y));
    text.setAttribute("x", String(Math.max(left, 2)));
    text.setAttribute("y", String(Math.max(top - 4, 14)));
    text.textContent = box.label;
    return [frame, text];
  }

  // --- where a model looked ------------------------------------------------------------------------

  /** Lay a finding's heat map over the film, or take it away; ``button`` says which. */
  async toggleHeat(button) {
    const shown = this.heatButton === button;
    this.heatButton?.setAttribute("aria-pressed", "false");
    this.heatButton = shown ? null : button;
    this.heat = null;
    this.heatBar.hidden = shown;
    this.draw();
    if (shown) return;
    button.setAttribute("aria-pressed", "true");
    const said = this.heatBar.querySelector(".said");
    said.textContent = "Drawing it …";
    const found = await fetchedHeat(button.dataset.heat);
    if (this.heatButton !== button) return; // another was asked for meanwhile
    this.heat = found.picture;
    said.textContent = found.picture ? `${button.dataset.heatOf}: where the network looked. Not a probability.` : found.reason;
    this.draw();
  }

  /** From one finding's heat map to the next, and after the last to none. */
  nextHeat() {
    const buttons = heatButtons(this.element);
    if (buttons.length === 0) return;
    const next = buttons[buttons.indexOf(this.heatButton) + 1];
    this.toggleHeat(next || this.heatButton);
  }

  // --- hands ---------------------------------------------------------------------------------------

  listen() {
    const { canvas, element } = this;
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, (event) => this.pointers.delete(event.pointerId));
    }
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("dblclick", () => this.fit());
    canvas.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && document.activeElement !== canvas && document.fullscreenElement !== element) return;
      event.preventDefault();
      this.zoomBy(Math.exp(-event.deltaY / 400), { x: event.offsetX, y: event.offsetY });
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => this.key(event));
    element.addEventListener("click", (event) => this.press(event.target.closest("button[data-do]")));
    this.presets.addEventListener("change", () => {
      if (this.presets.value !== "") this.useCurve(Number(this.presets.value));
    });
    this.heatBar?.querySelector("input").addEventListener("input", () => this.draw());
    element.addEventListener("fullscreenchange", () => {
      if (document.fullscreenElement === element) this.load(LARGE);
      this.draw();
    });
  }

  down(event) {
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY, button: event.button });
    if (event.button !== 0) event.preventDefault();
  }

  move(event) {
    const from = this.pointers.get(event.pointerId);
    const to = { x: event.offsetX, y: event.offsetY };
    if (this.film === null) return;
    if (!from) { this.pointAt(to); return; }
    if (this.pointers.size === 2) this.pinch(event.pointerId, to);
    else if (from.button !== 0 || event.shiftKey || this.tool === "move") {
      this.pan.x += to.x - from.x;
      this.pan.y += to.y - from.y;
      this.draw();
    } else this.drag(to.x - from.x, to.y - from.y);
    this.pointers.set(event.pointerId, { ...from, ...to });
  }

  /** Right is wider, down is brighter (a lower center), as in most viewers. */
  drag(right, down) {
    const reach = this.reach();
    this.adjust((this.film.inverted ? -1 : 1) * -down * reach, right * reach * 2);
  }

  /** How much of the values one pixel of dragging is worth. */
  reach() {
    return Math.max(windowLike(this.film.curves[0]).width, this.film.slope * 16) / 400;
  }

  pinch(id, to) {
    const from = this.pointers.get(id);
    const other = [...this.pointers].find(([key]) => key !== id)[1];
    const before = Math.hypot(from.x - other.x, from.y - other.y);
    const after = Math.hypot(to.x - other.x, to.y - other.y);
    this.pan.x += (to.x - from.x) / 2;
    this.pan.y += (to.y - from.y) / 2;
    if (before > 10) this.zoomBy(after / before, { x: (to.x + other.x) / 2, y: (to.y + other.y) / 2 });
  }

  pointAt(place) {
    const { rows, columns, scale, offset } = this.film;
    const point = new DOMPoint(place.x, place.y).matrixTransform(this.matrix().inverse());
    const [x, y] = [Math.floor(point.x), Math.floor(point.y)];
    const inside = x >= 0 && y >= 0 && x < columns && y < rows;
    const column = Math.floor(point.x * scale[0] + offset[0]);
    const row = Math.floor(point.y * scale[1] + offset[1]);
    this.canvas.title = inside ? `${this.valueAt(y * columns + x)} at column ${column}, row ${row}` : "";
  }

  valueAt(index) {
    const { codes, samples, slope, intercept } = this.film;
    if (samples === 1) return `value ${shownNumber(codes[index] * slope + intercept)}`;
    const [red, green, blue] = codes.subarray(3 * index, 3 * index + 3);
    return `red ${red}, green ${green}, blue ${blue}`;
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || this.film === null) return;
    const act = (event.shiftKey && this.shifted(event.key)) || this.plain(event.key);
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  shifted(key) {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
    return by && (() => { this.pan.x += by[0] * 40; this.pan.y += by[1] * 40; this.draw(); });
  }

  plain(key) {
    const step = this.reach() * 10;
    return {
      ArrowUp: () => this.adjust(step, 0),
      ArrowDown: () => this.adjust(-step, 0),
      ArrowLeft: () => this.adjust(0, -2 * step),
      ArrowRight: () => this.adjust(0, 2 * step),
      "+": () => this.zoomBy(ZOOM.step),
      "=": () => this.zoomBy(ZOOM.step),
      "-": () => this.zoomBy(1 / ZOOM.step),
      0: () => this.fit(),
      i: () => this.act("invert"),
      r: () => this.act("turn"),
      u: () => this.act("upright"),
      h: () => this.act("flip"),
      b: () => this.act("boxes"),
      m: () => this.act("heat"),
      l: () => this.act("large"),
      x: () => this.act("reset"),
    }[key];
  }

  press(button) {
    if (!button) return;
    this.act(button.dataset.do);
  }

  act(what) {
    if (this.film === null) return;
    const acts = {
      invert: () => { this.inverted = !this.inverted; this.tone(); },
      turn: () => this.turnBy(90),
      upright: () => { this.angle = this.upright; this.flipped = false; this.draw(); },
      // As it is seen: a film that was turned first is mirrored left to right too.
      flip: () => { this.flipped = !this.flipped; this.angle = (360 - this.angle) % 360; this.draw(); },
      boxes: () => { this.showBoxes = !this.showBoxes; this.draw(); },
      move: () => { this.tool = this.tool === "move" ? "window" : "move"; },
      closer: () => this.zoomBy(ZOOM.step),
      further: () => this.zoomBy(1 / ZOOM.step),
      fit: () => this.fit(),
      reset: () => this.reset(),
      heat: () => this.nextHeat(),
      large: () => (document.fullscreenElement ? document.exitFullscreen() : this.element.requestFullscreen()),
    };
    acts[what]();
    this.markPressed();
  }

  /** Toggles say to everyone whether they are on. */
  markPressed() {
    const on = { invert: this.inverted, flip: this.flipped, boxes: this.showBoxes, move: this.tool === "move" };
    for (const [name, pressed] of Object.entries(on)) {
      this.element.querySelector(`button[data-do=${name}]`)?.setAttribute("aria-pressed", String(pressed));
    }
  }

  /** Say where the window is, once it has come to rest: a drag says one thing, not hundred. */
  tell(text) {
    clearTimeout(this.telling);
    this.telling = setTimeout(() => { this.readout.textContent = text; }, 150);
  }
}

async function reasonOf(answer) {
  const problem = await answer.json().catch(() => null);
  return `The picture cannot be shown: ${problem?.detail || `the service answered ${answer.status}`}.`;
}

/** A heat map as a picture, or the reason why there is none. */
async function fetchedHeat(address) {
  for (let again = 0; again < PATIENCE; again += 1) {
    const answer = await fetch(address).catch(() => null);
    if (answer?.ok) return { picture: await coloured(await answer.blob()) };
    if (answer && answer.status !== 503) return { picture: null, reason: await reasonOf(answer) };
    await new Promise((resolve) => { setTimeout(resolve, 1500); });
  }
  return { picture: null, reason: "The service is busy: ask again in a moment." };
}

/** The buttons of a film's findings, wherever its card has them. */
function heatButtons(viewer) {
  return [...(viewer.closest(".film")?.querySelectorAll("button[data-heat]") || [])];
}

const viewers = new WeakMap();

/** The viewer of an element, made when first asked for. */
export function viewerOf(element) {
  if (!viewers.has(element)) viewers.set(element, new Viewer(element));
  return viewers.get(element);
}

const near = new IntersectionObserver((entries) => {
  for (const entry of entries.filter((each) => each.isIntersecting)) {
    near.unobserve(entry.target);
    viewerOf(entry.target).load(SHARP);
  }
}, { rootMargin: "200px" });

/** Films below ``root`` are loaded when they come near the window. */
export function findFilms(root) {
  for (const element of root.querySelectorAll(".viewer")) {
    viewerOf(element);
    near.observe(element);
  }
}

findFilms(document);
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-heat]");
  const viewer = button?.closest(".film")?.querySelector(".viewer");
  if (viewer) viewerOf(viewer).toggleHeat(button);
});
document.addEventListener("htmx:load", (event) => {
  if (event.target !== document.body) findFilms(event.target);
});
