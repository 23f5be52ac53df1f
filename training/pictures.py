"""Pictures of an evaluation: what is confused with what, risk against coverage, reliability, the worst
errors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from matplotlib import pyplot as plt

from training.films import read

if TYPE_CHECKING:
    from training.measures import Judged

TILE = 180  # pixels


def confusion(items: Sequence[Judged], path: Path) -> None:
    """Rows: the true view; columns: the best label."""
    rows = sorted({item.film.folder for item in items})
    columns = [*rows, *sorted({item.top for item in items} - set(rows))]
    counts = np.zeros((len(rows), len(columns)))
    for item in items:
        counts[rows.index(item.film.folder), columns.index(item.top)] += 1
    figure, axes = plt.subplots(figsize=(11, 9))
    axes.imshow(counts / counts.sum(axis=1, keepdims=True), cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(columns)), columns, rotation=90, fontsize=7)
    axes.set_yticks(range(len(rows)), rows, fontsize=7)
    for row, column in zip(*np.nonzero(counts), strict=True):
        share = counts[row, column] / counts[row].sum()
        axes.text(
            column,
            row,
            int(counts[row, column]),
            ha="center",
            va="center",
            fontsize=6,
            color="white" if share > 0.5 else "black",
        )
    axes.set(title="True view (rows) and best label (columns), films", xlabel="", ylabel="")
    _save(figure, path)


def risk_coverage(items: Sequence[Judged], path: Path) -> None:
    """Errors among the films the pack is surest of, against how many those are."""
    order = np.argsort([-item.scores.max() for item in items], kind="stable")
    wrong = np.cumsum([not items[index].right for index in order])
    count = np.arange(1, len(items) + 1)
    figure, axes = plt.subplots(figsize=(5, 4))
    axes.plot(count / len(items), wrong / count)
    axes.axhline(0.01, color="grey", linewidth=0.7, linestyle=":")
    axes.set(
        xlabel="coverage", ylabel="share of wrong answers", title="Risk against coverage", ylim=(0, None)
    )
    _save(figure, path)


def reliability(items: Sequence[Judged], path: Path) -> None:
    """How often the best label is right, by the score it is given."""
    score = np.array([item.scores.max() for item in items])
    right = np.array([item.right for item in items])
    bins = np.minimum((score * 10).astype(int), 9)
    used = np.unique(bins)
    figure, axes = plt.subplots(figsize=(5, 4))
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.7)
    axes.plot([score[bins == b].mean() for b in used], [right[bins == b].mean() for b in used], marker="o")
    for b in used:
        axes.annotate(
            str(int((bins == b).sum())), (score[bins == b].mean(), right[bins == b].mean()), fontsize=7
        )
    axes.set(xlabel="score", ylabel="share right", title="Reliability (films per bin)")
    _save(figure, path)


def worst(items: Sequence[Judged], path: Path, *, most: int = 80) -> None:
    """The surest wrong answers, as films: for looking at, never to be committed."""
    chosen = sorted(items, key=lambda item: -item.scores.max())[:most]
    tiles = [_tile(item) for item in chosen]
    while len(tiles) % 10 or not tiles:
        tiles.append(np.zeros((TILE, TILE), dtype=np.uint8))
    rows = [np.concatenate(tiles[start : start + 10], axis=1) for start in range(0, len(tiles), 10)]
    cv2.imwrite(str(path), np.concatenate(rows))


def _tile(item: Judged) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    film = read(item.film.path)
    scale = (TILE - 24) / max(film.shape)
    film = cv2.resize(film, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    tile = np.zeros((TILE, TILE), dtype=np.uint8)
    tile[: film.shape[0], : film.shape[1]] = film
    cv2.putText(tile, item.film.folder[:28], (1, TILE - 13), cv2.FONT_HERSHEY_SIMPLEX, 0.33, 255, 1)
    cv2.putText(
        tile,
        f"{item.top[:22]} {item.scores.max():.2f}",
        (1, TILE - 3),
        cv2.FONT_HERSHEY_SIMPLEX,
        0.33,
        255,
        1,
    )
    return tile


def _save(figure: plt.Figure, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, dpi=80)
    plt.close(figure)
