// Where a model looked, as a picture to lay over a film: docs/pages.md, "The viewer".
// The server sends grey, 0 to 255 for 0 to 1; here it becomes colour, the cooler the more transparent.

// Matplotlib's "plasma" (CC0) at 0, 1/4 ... 1, as the API's own overlay has it.
const COLOURS = [[13, 8, 135], [126, 3, 168], [204, 71, 120], [248, 149, 64], [240, 249, 33]];

/** Red, green and blue of a heat in [0, 1]. */
export function colourOf(heat) {
  const place = Math.min(Math.max(heat, 0), 1) * (COLOURS.length - 1);
  const below = Math.min(Math.floor(place), COLOURS.length - 2);
  return COLOURS[below].map((from, channel) =>
    Math.round(from + (COLOURS[below + 1][channel] - from) * (place - below)));
}

/** A canvas of the colours of a grey PNG. */
export async function coloured(blob) {
  const grey = await createImageBitmap(blob);
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [grey.width, grey.height];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(grey, 0, 0);
  grey.close();
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  const table = Array.from({ length: 256 }, (_, level) => colourOf(level / 255));
  for (let at = 0; at < pixels.data.length; at += 4) {
    const level = pixels.data[at];
    pixels.data.set(table[level], at);
    pixels.data[at + 3] = level;
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}
