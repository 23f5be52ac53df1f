"""The skull, and trunk views that NNCPR has no name for."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from training.simulate.setup import STRAIGHT, View

AP = View(
    label="skull_ap",
    centre="skull",
    keep="trunk",
    width=(170, 260),
    height=(200, 300),
    kv=(70, 80),
    azimuth=(-6, 6),
    tilt=(-30, 25),
    grid=True,
    offset=((-8, 8), (-25, 25), STRAIGHT),
    pose={"neck_flexion": (-20, 20)},
)
HEAD: Final = (
    AP,
    replace(AP, azimuth=(174, 186), pair=0.15),
    replace(AP, label="skull_lateral", azimuth=(-96, -84), tilt=(-5, 5), width=(200, 300), height=(180, 290)),
    replace(AP, label="other", tilt=(25, 50), width=(110, 190), height=(130, 210), share=0.3),
    replace(
        AP,
        label="other",
        centre="nose",
        azimuth=(-95, -85),
        tilt=(-3, 3),
        width=(60, 110),
        height=(60, 110),
        share=0.2,
    ),
    replace(
        AP,
        label="other",
        centre="sternum",
        azimuth=(-97, -83),
        width=(110, 200),
        height=(220, 300),
        pose={},
        share=0.3,
    ),
    replace(
        AP,
        label="other",
        centre="chest",
        azimuth=(30, 60),
        tilt=(-5, 5),
        width=(220, 360),
        height=(280, 400),
        pose={},
        share=0.4,
    ),
    replace(
        AP,
        label="other",
        centre="abdomen",
        azimuth=(-96, -84),
        tilt=(-4, 4),
        width=(260, 380),
        height=(330, 460),
        pose={},
        gas=1,
        share=0.25,
    ),
    replace(
        AP,
        label="other",
        centre="sacrum",
        azimuth=(-97, -83),
        tilt=(-5, 5),
        width=(110, 180),
        height=(130, 220),
        pose={},
        gas=0.5,
        share=0.25,
    ),
)
