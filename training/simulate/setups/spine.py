"""The spine, part by part and whole."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from training.simulate.setup import ARMS_UP, STRAIGHT, View

LUMBAR = View(
    label="lumbar_spine_ap",
    centre="L3",
    keep="trunk",
    width=(110, 270),
    height=(330, 460),
    gas=0.35,
    kv=(80,),
    offset=((-15, 15), (-45, 20), STRAIGHT),
    grid=True,
    blackened=18,
    turn=(-3, 3),
)
LUMBAR_SIDE = replace(
    LUMBAR,
    label="lumbar_spine_lateral",
    azimuth=(-97, -83),
    width=(120, 300),
    height=(290, 440),
    gas=0.3,
    offset=(STRAIGHT, (-40, 25), (-20, 40)),
    kv=(80, 100),
)
THORACIC = replace(
    LUMBAR,
    label="thoracic_spine_ap",
    centre="T7",
    height=(310, 430),
    gas=0,
    offset=((-15, 15), (-25, 25), STRAIGHT),
)
THORACIC_SIDE = replace(
    THORACIC,
    label="thoracic_spine_lateral",
    centre="T7",
    azimuth=(-97, -83),
    width=(120, 280),
    height=(310, 440),
    offset=(STRAIGHT, (-40, 20), (-15, 40)),
)
CERVICAL = View(
    label="cervical_spine_ap",
    centre="C5",
    keep="trunk",
    width=(100, 290),
    height=(160, 300),
    tilt=(0, 22),
    kv=(70,),
    offset=((-8, 8), (-25, 20), STRAIGHT),
    pose={"neck_flexion": (-35, 0), "neck_turn": (-6, 6)},
    grid=True,
    blackened=12,
)
CERVICAL_SIDE = replace(
    CERVICAL,
    label="cervical_spine_lateral",
    azimuth=(-96, -84),
    tilt=(-4, 4),
    width=(90, 270),
    height=(160, 310),
    offset=(STRAIGHT, (-20, 20), (-10, 25)),
    pose={"neck_flexion": (-35, 40), "neck_turn": (-6, 6)},
    distance=(1200, 1800),
)
WHOLE = View(
    label="whole_spine_ap",
    centre="spine",
    keep="trunk",
    width=(180, 420),
    height=(640, 900),
    gas=0.7,
    kv=(80, 100),
    offset=((-15, 15), (-40, 60), STRAIGHT),
    distance=(1800, 2500),
    grid=True,
    tight=0.55,
    blackened=25,
    turn=(-3, 3),
)
SPINE: Final = (
    LUMBAR,
    replace(LUMBAR, gas=1, share=0.7),
    replace(LUMBAR, blackened=5, gas=0.2, share=0.7),
    replace(LUMBAR, width=(70, 130), collimation=0.9, share=0.4),
    replace(LUMBAR, height=(200, 330), width=(120, 220), gas=0.5, share=0.3),
    replace(LUMBAR, width=(120, 210), offset=((-30, 30), (10, 75), STRAIGHT), share=0.5),
    replace(LUMBAR, width=(110, 220), metal=0.95, share=0.25),
    # a long narrow field, soft in contrast, from the lower ribs into the pelvis
    replace(
        LUMBAR,
        width=(100, 190),
        height=(400, 520),
        offset=((-15, 15), (-60, 20), STRAIGHT),
        blackened=4,
        share=0.8,
    ),
    # the whole pelvis is there too
    replace(
        LUMBAR,
        width=(150, 300),
        height=(380, 500),
        offset=((-15, 15), (-95, -20), STRAIGHT),
        gas=0.6,
        share=0.7,
    ),
    LUMBAR_SIDE,
    replace(LUMBAR_SIDE, blackened=5, gas=0.1, share=0.6),
    replace(LUMBAR_SIDE, width=(80, 140), height=(130, 330), share=0.3),
    replace(
        LUMBAR_SIDE,
        width=(90, 190),
        height=(200, 440),
        offset=(STRAIGHT, (-50, 60), (-40, 55)),
        tilt=(-9, 9),
        turn=(-12, 12),
        blackened=6,
        gas=0.6,
        share=0.9,
    ),
    replace(LUMBAR_SIDE, azimuth=(83, 97), metal=0.6, share=0.3),
    # from the diaphragm to the sacrum, between tight shutters
    replace(
        LUMBAR_SIDE, width=(110, 210), height=(340, 500), gas=0.6, blackened=5, collimation=0.9, share=0.8
    ),
    THORACIC,
    replace(THORACIC, width=(70, 130), collimation=0.9, share=0.4),
    replace(THORACIC, width=(90, 200), blackened=5, collimation=0.8, share=0.5),
    # a long plate, from the middle of the neck to the upper lumbar spine
    replace(
        THORACIC,
        width=(120, 210),
        height=(390, 480),
        offset=((-15, 15), (-35, 40), STRAIGHT),
        blackened=5,
        share=0.9,
    ),
    THORACIC_SIDE,
    replace(THORACIC_SIDE, keep="trunk+arms", pose=ARMS_UP),
    replace(
        THORACIC_SIDE, width=(90, 180), height=(250, 430), offset=(STRAIGHT, (-50, 30), (-35, 30)), share=0.7
    ),
    replace(THORACIC_SIDE, width=(130, 230), blackened=4, collimation=0.9, share=0.6),
    # pale, where the lungs hardly show
    replace(THORACIC_SIDE, width=(120, 260), blackened=3, whitened=25, collimation=0.9, share=0.6),
    CERVICAL,
    replace(CERVICAL, width=(70, 120), share=0.4),
    CERVICAL_SIDE,
    replace(CERVICAL_SIDE, width=(60, 110), height=(150, 230), share=0.5),
    replace(
        CERVICAL_SIDE,
        keep="trunk+arms",
        width=(200, 360),
        height=(200, 360),
        offset=(STRAIGHT, (-95, 10), (-30, 40)),
        share=0.8,
    ),
    WHOLE,
    replace(WHOLE, azimuth=(174, 186), keep="trunk+arms"),
    replace(WHOLE, scoliosis=3.0, tight=0.95, share=0.8),
    replace(
        WHOLE,
        width=(200, 330),
        height=(460, 660),
        offset=((-20, 20), (0, 110), STRAIGHT),
        scoliosis=3.5,
        tight=1.0,
        share=0.8,
    ),
    # cropped between neck and pelvis: longer than any film of the thoracic spine
    replace(
        WHOLE,
        width=(150, 300),
        height=(510, 660),
        offset=((-20, 20), (-20, 80), STRAIGHT),
        scoliosis=1.5,
        tight=1.0,
        share=0.9,
    ),
    replace(WHOLE, label="other", azimuth=(-95, -85), width=(200, 350), share=0.3),
)
