"""Knee, patella, thigh and lower leg."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from training.simulate.setup import STRAIGHT, View

KNEE = View(
    label="knee_ap",
    centre="knee",
    keep="leg",
    width=(100, 190),
    height=(140, 330),
    kv=(60, 70),
    azimuth=(-14, 14),
    tilt=(-10, 10),
    offset=((-8, 8), (-25, 20), STRAIGHT),
    pair=0.25,
    pose={"knee_flexion": (-3, 18), "hip_rotation": (-8, 8)},
)
SIDE = View(
    label="knee_lateral",
    centre="knee",
    keep="leg",
    width=(130, 240),
    height=(150, 310),
    kv=(60, 70),
    azimuth=(-99, -81),
    tilt=(-8, 8),
    offset=(STRAIGHT, (-35, 20), (-25, 25)),
    pair=0.08,
    turn=(-50, 40),
    pose={"knee_flexion": (0, 70)},
)
PATELLA = View(
    label="patella_axial",
    centre="patella",
    keep="leg",
    width=(80, 180),
    height=(70, 180),
    kv=(60, 70),
    frame="patella",
    azimuth=(-8, 8),
    tilt=(-104, -74),
    up="+z",
    offset=((-8, 8), (-10, 10), (-60, -8)),
    pose={"knee_flexion": (35, 80), "patella_share": (0.5, 0.66)},
    pair=0.35,
    cut=((385, 430), (495, 640)),
    blackened=8,
    whitened=25,
    collimation=0.8,
    upside_down=0.25,
    turn=(-8, 8),
)
SHIN = View(
    label="lower_leg_ap",
    centre="shank",
    keep="leg",
    width=(110, 240),
    height=(370, 520),
    kv=(60,),
    azimuth=(-14, 18),
    pair=0.05,
    turn=(-50, 50),
    offset=((-15, 15), (-35, 35), STRAIGHT),
    pose={"ankle_flexion": (-40, 10), "knee_flexion": (0, 20)},
)
FEMUR = View(
    label="femur_ap",
    centre="femur",
    keep="leg",
    width=(120, 240),
    height=(360, 520),
    kv=(70,),
    azimuth=(-15, 15),
    turn=(-25, 25),
    offset=((-15, 15), (-40, 40), STRAIGHT),
    pose={"knee_flexion": (0, 15)},
    grid=True,
)
LEG: Final = (
    KNEE,
    replace(KNEE, width=(85, 120), height=(70, 120), tight=0.8, pair=0.1, collimation=0.1, share=0.5),
    replace(KNEE, width=(130, 260), height=(330, 600), pair=0.3, share=0.5),
    replace(SIDE, share=0.7),
    replace(
        SIDE,
        pose={"knee_flexion": (60, 125)},
        width=(150, 300),
        height=(150, 300),
        turn=(-95, 30),
        share=0.6,
    ),
    replace(
        SIDE,
        pose={"knee_flexion": (0, 100)},
        width=(280, 450),
        height=(330, 500),
        turn=(-90, 40),
        share=0.6,
    ),
    PATELLA,
    SHIN,
    replace(
        SHIN,
        label="lower_leg_lateral",
        azimuth=(-100, -80),
        pose={"ankle_flexion": (-40, 15), "knee_flexion": (0, 70)},
    ),
    FEMUR,
    replace(FEMUR, label="femur_lateral", azimuth=(-105, -78), pose={"knee_flexion": (0, 60)}),
    replace(
        FEMUR,
        label="other",
        centre="knee",
        keep="leg",
        width=(200, 380),
        height=(750, 950),
        pair=0.6,
        turn=(-3, 3),
        share=0.3,
    ),
)
