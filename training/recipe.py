"""What decides how a network is trained."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """All that decides how the network is trained; stored beside the weights."""

    side: int = 160  # pixels
    steps: int = 1000
    simulated: int = 44  # films of each kind in a batch
    real: int = 8
    chest: int = 8
    rate: float = 6e-4
    warm_up: int = 40  # steps
    decay: float = 2e-5  # of weights, per step of full rate
    smoothing: float = 0.08
    average: float = 0.996  # of the kept weights, per step
    frozen: int = 14  # convolutions that keep their ImageNet weights
    seed: int = 1
    minutes: float = 1e9  # the schedule is shortened to end by then
