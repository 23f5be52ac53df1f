"""Which film is which expected view: the assignment that is worth most."""

from __future__ import annotations

import math
from collections.abc import Sequence


def assign(worth: Sequence[Sequence[float]]) -> list[int | None]:
    """For each row its column, or None, so that the worth of all pairs is the greatest; each column once.

    ``worth[row][column]`` is 0 where the two do not go together, and positive otherwise. The Hungarian method
    with potentials (Kuhn 1955), O(rows² · columns): a study has a dozen films.
    """
    rows = len(worth)
    columns = len(worth[0]) if rows else 0
    wide = max(rows, columns)
    cost = [[-worth[r][c] if c < columns else 0.0 for c in range(wide)] for r in range(rows)]
    row_of = [-1] * (wide + 1)
    potential_row, potential_column = [0.0] * (rows + 1), [0.0] * (wide + 1)
    for row in range(rows):
        _insert(row, cost, row_of, potential_row, potential_column)
    found: list[int | None] = [None] * rows
    for column in range(columns):
        row = row_of[column]
        if row >= 0 and worth[row][column] > 0:
            found[row] = column
    return found


def _insert(
    row: int,
    cost: Sequence[Sequence[float]],
    row_of: list[int],
    potential_row: list[float],
    potential_column: list[float],
) -> None:
    """Bring one more row in by the cheapest augmenting path; the last column of all stands for its start."""
    wide = len(row_of) - 1
    row_of[wide] = row
    at = wide
    least, came_from, done = [math.inf] * wide, [wide] * wide, [False] * (wide + 1)
    while row_of[at] >= 0:
        done[at] = True
        here, step, following = row_of[at], math.inf, -1
        for column in range(wide):
            if done[column]:
                continue
            reduced = cost[here][column] - potential_row[here] - potential_column[column]
            if reduced < least[column]:
                least[column], came_from[column] = reduced, at
            if least[column] < step:
                step, following = least[column], column
        for column in range(wide + 1):
            if done[column]:
                potential_row[row_of[column]] += step
                potential_column[column] -= step
            elif column < wide:
                least[column] -= step
        at = following
    while at != wide:
        row_of[at] = row_of[came_from[at]]
        at = came_from[at]
    row_of[wide] = -1
