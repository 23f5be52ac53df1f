"""The thicknesses of ``raster.py`` drawn by OpenGL: by a GPU of any make, or by Mesa on the processor.

One draw adds up what every triangle brings, each part in a rectangle of its own of one large texture; a
second holds the sums to their parts' limits and adds them to the tissues. A sum has two halves, how far
behind the point aimed at the crossings lie and how many leave more than enter: over a closed surface the
second is nothing, over an open one it puts back what the depths were not counted from.

A GPU moves every corner to the nearest 1/256 pixel or so, the same for all triangles that share it: surfaces
stay closed, outlines move by as much.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import moderngl
import numba
import numpy as np
from numpy.typing import NDArray

from training.simulate import shaders
from training.simulate.raster import Camera, Floats, Ints

SIDE: Final = 2048  # pixels of the texture of sums
LONGEST: Final = 1024  # pixels of a film's side: the maps of 15 tissues lie below each other in one texture
VERSION: Final = 430  # OpenGL 4.3, the first whose shaders read buffers
POINTS, FACES, PARTS = range(3)  # the buffers' bindings in the shaders
PART: Final = np.dtype([("box", "i4", 4), ("at", "i4", 2), ("channel", "i4"), ("limit", "f4")])
IN_SOFTWARE: Final = ("llvmpipe", "softpipe", "swrast", "swiftshader")


class NoOpenGLError(ValueError):
    """Nothing here draws with OpenGL 4.3 without a screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Surfaces:
    """The faces of a body as shaders read them, kept as long as their array lives."""

    alive: weakref.ref[Ints]  # of the array; forgets these when it is gone
    starts: Ints
    faces: moderngl.Buffer  # uint32 (m, 4): three points and the part
    spans: Ints  # (parts, 2): the first point of each part and the one after its last


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """Parts whose rectangles fit into the texture together."""

    parts: range
    rows: int  # of the texture


class OpenGLRaster:
    """An OpenGL context of the thread that makes it. Raises NoOpenGLError."""

    def __init__(self) -> None:
        if "tensorflow" in sys.modules:
            raise NoOpenGLError("TensorFlow is loaded, and Mesa crashes beside its LLVM: draw elsewhere")
        without_screen: dict[str, Any] = {"standalone": True, "backend": "egl"}
        try:
            context = moderngl.create_context(require=VERSION, **without_screen)
        except Exception as error:  # glcontext has no narrower one
            raise NoOpenGLError(f"no OpenGL 4.3 without a screen (EGL): {error}") from error
        context.gc_mode = "context_gc"
        context.enable_only(moderngl.BLEND)
        context.blend_func = moderngl.ONE, moderngl.ONE
        self._triangles = context.program(vertex_shader=shaders.TRIANGLE, fragment_shader=shaders.CROSSING)
        self._rectangles = context.program(vertex_shader=shaders.RECTANGLE, fragment_shader=shaders.LIMITED)
        self._triangles["side"] = SIDE
        self._corners = context.vertex_array(self._triangles, [])
        self._quads = context.vertex_array(self._rectangles, [])
        self._texture = context.texture((SIDE, SIDE), 2, dtype="f4")
        self._sums = context.framebuffer([self._texture])
        self._kept: dict[int, _Surfaces] = {}
        self._context = context

    @property
    def device(self) -> str:
        """What draws, in its driver's words, and whether that is no GPU."""
        name = str(self._context.info["GL_RENDERER"])
        slow = any(one in name.lower() for one in IN_SOFTWARE)
        return f"{name}: software, no GPU" if slow else name

    def thickness(
        self, points: Floats, faces: Ints, starts: Ints, channels: Ints, limits: Floats, *,
        view: Camera, tissues: int,
    ) -> NDArray[np.float32]:  # fmt: skip
        """As ``raster.thickness``, (tissues, height, width) in cm. ``faces`` must not change while it lives.
        Raises ValueError for a film with a side of more than ``LONGEST`` pixels."""
        if max(view.width, view.height) > LONGEST:
            raise ValueError(f"{view.width} x {view.height} pixels; OpenGL draws at most {LONGEST} a side")
        with self._context:
            self._context.gc()  # what earlier films and bodies that are gone left behind
            below = self._context.texture((view.width, view.height * tissues), 1, dtype="f4")
            maps = self._context.framebuffer([below])
            maps.clear()
            if len(faces):
                parts = np.zeros(len(channels), dtype=PART)
                parts["channel"], parts["limit"] = channels, limits
                self._add(maps, points, self._surfaces(faces, starts), parts, view)
            read = np.frombuffer(maps.read(components=1, dtype="f4"), dtype=np.float32)
        out = read.reshape(tissues, view.height, view.width)
        return out * (view.obliquity().astype(np.float32) / 10.0)[None]

    def _surfaces(self, faces: Ints, starts: Ints) -> _Surfaces:
        key = id(faces)
        kept = self._kept.get(key)
        if kept is not None and np.array_equal(kept.starts, starts):
            return kept
        numbered, spans = _numbered(faces, starts)
        # an array's number is given to another once it is gone
        alive = weakref.ref(faces, lambda _: self._kept.pop(key, None))
        self._kept[key] = _Surfaces(
            alive=alive, starts=starts.copy(), faces=self._context.buffer(numbered), spans=spans
        )
        return self._kept[key]

    def _add(self, maps: moderngl.Framebuffer, points: Floats, surfaces: _Surfaces, parts: NDArray[Any],
             view: Camera) -> None:  # fmt: skip
        axes = np.array([view.right, view.down, view.towards])
        film = np.array([view.width, view.height])
        flat, parts["box"] = _projected(
            points, surfaces.spans, view.source, axes, film, view.distance / view.pitch, view.near
        )
        batches = list(_batches(parts))
        buffers = {POINTS: self._context.buffer(flat), FACES: surfaces.faces,
                   PARTS: self._context.buffer(parts)}  # fmt: skip
        for binding, buffer in buffers.items():
            buffer.bind_to_storage_buffer(binding)
        self._triangles["near"] = self._rectangles["near"] = view.near
        self._rectangles["maps"] = view.width, view.height, maps.height // view.height
        for batch in batches:
            self._sums.clear(viewport=(0, 0, SIDE, batch.rows))
            self._sums.use()
            for first, last in _runs(batch.parts, parts["box"], surfaces.starts):
                self._corners.render(moderngl.TRIANGLES, vertices=3 * (last - first), first=3 * first)
            maps.use()
            self._texture.use()
            self._rectangles["first"] = batch.parts.start
            self._quads.render(moderngl.TRIANGLE_STRIP, vertices=4, instances=len(batch.parts))


def _batches(parts: NDArray[Any]) -> Iterator[_Batch]:
    """Give the box of every part its place in the texture: side by side, in shelves as high as the highest
    on them, until it is full. Writes ``parts["at"]``."""
    first, left, top, high = 0, 0, 0, 0
    sizes = parts["box"][:, 2:] - parts["box"][:, :2]
    for part, (wide, tall) in enumerate(sizes.tolist()):
        if left + wide > SIDE:
            left, top, high = 0, top + high, 0
        if top + tall > SIDE:
            yield _Batch(parts=range(first, part), rows=top + high)
            first, left, top, high = part, 0, 0, 0
        parts["at"][part] = left, top
        left, high = left + wide, max(high, tall)
    yield _Batch(parts=range(first, len(parts)), rows=top + high)


def _runs(parts: range, boxes: NDArray[np.int32], starts: Ints) -> Iterator[tuple[int, int]]:
    """The faces of the parts that are on the film: first ones, and those after the last, as few as can be."""
    shown = (boxes[parts.start : parts.stop, 2] > boxes[parts.start : parts.stop, 0]).astype(np.int8)
    edges = np.flatnonzero(np.diff(shown, prepend=0, append=0)) + parts.start
    for first, last in starts[edges].reshape(-1, 2).tolist():
        if last > first:
            yield first, last


@numba.njit(cache=True)
def _numbered(faces, starts):  # type: ignore[no-untyped-def]
    """Faces with their parts, uint32 (m, 4), and the points between which each part's lie, (parts, 2)."""
    rows = np.empty((len(faces), 4), dtype=np.uint32)
    spans = np.zeros((len(starts) - 1, 2), dtype=np.int64)
    for part in range(len(spans)):
        low, high = np.iinfo(np.int64).max, 0
        for face in range(starts[part], starts[part + 1]):
            for corner in range(3):
                point = faces[face, corner]
                rows[face, corner] = point
                low, high = min(low, point), max(high, point + 1)
            rows[face, 3] = part
        if high > 0:
            spans[part] = low, high
    return rows, spans


@numba.njit(cache=True)
def _projected(points, spans, source, axes, film, scale, near):  # type: ignore[no-untyped-def]
    """``Camera.project`` in one go: column, row and near / depth - 1 of all points of parts, float32 (n, 3),
    and the box of each part on the film, int32 (parts, 4)."""
    flat = np.empty((len(points), 3), dtype=np.float32)
    boxes = np.zeros((len(spans), 4), dtype=np.int32)
    low, high = np.empty(2), np.empty(2)
    for part in range(len(spans)):
        low[:], high[:] = np.inf, -np.inf
        for point in range(spans[part, 0], spans[part, 1]):
            x, y, z = points[point, 0] - source[0], points[point, 1] - source[1], points[point, 2] - source[2]
            depth = x * axes[2, 0] + y * axes[2, 1] + z * axes[2, 2]
            if depth <= 1.0:  # mm; its triangles are left out
                flat[point] = -1.0
                continue
            flat[point, 2] = near / depth - 1.0
            for axis in range(2):
                across = x * axes[axis, 0] + y * axes[axis, 1] + z * axes[axis, 2]
                place = across * scale / depth + film[axis] / 2
                flat[point, axis] = place
                low[axis], high[axis] = min(low[axis], place), max(high[axis], place)
        if low[0] < film[0] and low[1] < film[1] and high[0] > 0 and high[1] > 0:
            for axis in range(2):
                boxes[part, axis] = int(max(low[axis], 0.0))
                boxes[part, axis + 2] = int(min(high[axis] + 1, film[axis]))
    return flat, boxes
