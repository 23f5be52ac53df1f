"""Chest, abdomen, pelvis and hip."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from training.simulate.setup import ARMS_UP, FROG, LEGS, STRAIGHT, View

CHEST_PA = View(
    label="chest_pa_ap",
    centre="chest",
    keep="trunk",
    azimuth=(174, 186),
    width=(320, 430),
    height=(300, 400),
    offset=((-15, 15), (-25, 25), STRAIGHT),
    kv=(100, 120),
    distance=(1500, 1800),
    grid=True,
    mirror=0.03,
    pose={"neck_flexion": (-25, 10)},
    blackened=10,
)
CHEST_ARMS = {
    "shoulder_abduction": (5, 60),
    "shoulder_rotation": (-40, 40),
    "elbow_flexion": (0, 90),
    "both": (1, 1),
}
CHEST_LATERAL = View(
    label="chest_lateral",
    centre="chest",
    keep="trunk",
    azimuth=(-95, -85),
    width=(240, 350),
    height=(310, 430),
    offset=(STRAIGHT, (-25, 25), (-15, 20)),
    kv=(100, 120),
    distance=(1500, 1800),
    grid=True,
    blackened=10,
)
CHEST: Final = (
    CHEST_PA,
    replace(
        CHEST_PA, keep="trunk+arms", pose=CHEST_ARMS, azimuth=(-8, 8), tilt=(-12, 8), distance=(1000, 1400)
    ),
    CHEST_LATERAL,
    replace(CHEST_LATERAL, keep="trunk+arms", pose=ARMS_UP, share=1.5),
    replace(CHEST_LATERAL, azimuth=(80, 100), width=(280, 400), height=(380, 480), share=0.5),
    # air all around the body
    replace(CHEST_LATERAL, keep="trunk+arms", pose=ARMS_UP, width=(320, 460), height=(360, 520), share=0.7),
)

ABDOMEN_ABDOMEN_AP = View(
    label="abdomen_ap",
    centre="abdomen",
    keep="trunk",
    width=(300, 410),
    height=(370, 490),
    gas=1,
    kv=(80,),
    grid=True,
    offset=((-15, 15), (-45, 45), STRAIGHT),
    blackened=15,
    mirror=0.1,
)
ABDOMEN_PELVIS = View(
    label="pelvis_ap",
    centre="pelvis",
    keep="trunk",
    width=(320, 440),
    height=(250, 380),
    gas=0.7,
    kv=(70, 80),
    pose=LEGS,
    tilt=(-14, 14),
    offset=((-12, 12), (-40, 30), STRAIGHT),
    grid=True,
    blackened=12,
)
ABDOMEN_FROG = View(
    label="oblique_view_of_Lauenstein",
    centre="hip",
    keep="trunk",
    width=(130, 310),
    height=(170, 330),
    gas=0.5,
    kv=(70, 80),
    offset=((-20, 60), (-55, 15), STRAIGHT),
    azimuth=(-35, 15),
    pose=FROG,
    grid=True,
    blackened=12,
)
ABDOMEN_HIP = replace(
    ABDOMEN_FROG,
    label="hip_ap",
    pose={"hip_rotation": (-20, 18), "hip_abduction": (-4, 8)},
    azimuth=(-10, 10),
    height=(200, 340),
)
ABDOMEN: Final = (
    ABDOMEN_ABDOMEN_AP,
    # a slim one, with much of the chest
    replace(
        ABDOMEN_ABDOMEN_AP,
        width=(220, 330),
        height=(390, 500),
        offset=((-15, 15), (-20, 75), STRAIGHT),
        share=0.5,
    ),
    replace(
        ABDOMEN_ABDOMEN_AP,
        label="abdomen_left_lateral_decubitus",
        turn=(84, 96),
        width=(370, 490),
        height=(300, 410),
        gas=1.5,
    ),
    replace(
        ABDOMEN_ABDOMEN_AP,
        label="abdomen_left_lateral_decubitus",
        turn=(-96, -84),
        width=(370, 490),
        height=(300, 410),
        gas=1.5,
    ),
    ABDOMEN_PELVIS,
    replace(
        ABDOMEN_PELVIS,
        height=(380, 600),
        width=(300, 440),
        offset=((-12, 12), (-130, -40), STRAIGHT),
        share=0.6,
    ),
    ABDOMEN_FROG,
    replace(
        ABDOMEN_FROG,
        centre="pelvis",
        pose=dict(FROG) | {"both": (1, 1)},
        width=(320, 450),
        height=(240, 360),
        azimuth=(-6, 6),
        offset=((-10, 10), (-70, 10), STRAIGHT),
        share=0.8,
    ),
    ABDOMEN_HIP,
)
