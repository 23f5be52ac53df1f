"""Ankle and foot."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from training.simulate.setup import STRAIGHT, View

ANKLE = View(
    label="ankle_ap",
    centre="ankle",
    keep="leg",
    frame="leg",
    width=(85, 170),
    height=(130, 260),
    kv=(55, 60),
    azimuth=(-14, 24),
    tilt=(-8, 8),
    offset=((-8, 8), (0, 55), STRAIGHT),
    pair=0.08,
    pose={"ankle_flexion": (-45, 12)},
    turn=(-12, 12),
)
SIDE = replace(
    ANKLE,
    label="ankle_lateral",
    azimuth=(-99, -81),
    width=(110, 220),
    height=(130, 270),
    offset=(STRAIGHT, (-10, 50), (-5, 45)),
    pose={"ankle_flexion": (-35, 15), "toe_extension": (-10, 20)},
    pair=0.03,
    turn=(-30, 30),
)
FLAT = View(
    label="foot_ap",
    centre="foot",
    keep="leg",
    frame="foot",
    up="-y",
    width=(95, 160),
    height=(180, 310),
    kv=(55, 60),
    azimuth=(-14, 14),
    tilt=(-5, 20),
    offset=((-8, 8), (-15, 25), STRAIGHT),
    cut=((-50, -50), (80, 120)),
    pair=0.25,
    upside_down=0.12,
    turn=(-25, 25),
    pose={"toe_extension": (-5, 15), "ankle_flexion": (-20, 10)},
)
OBLIQUE = replace(FLAT, label="foot_oblique", azimuth=(29, 54), pair=0.12, turn=(-35, 35))
LATERAL = View(
    label="foot_lateral",
    centre="foot",
    keep="leg",
    frame="leg",
    width=(200, 320),
    height=(95, 210),
    kv=(55, 60),
    azimuth=(-98, -82),
    tilt=(-8, 8),
    offset=(STRAIGHT, (-5, 40), (-35, 5)),
    pose={"ankle_flexion": (-50, 12), "toe_extension": (-10, 25)},
    turn=(-30, 40),
)
HEEL = replace(SIDE, label="other", centre="calcaneus", width=(80, 130), height=(70, 110), share=0.3)
FOOT: Final = (
    ANKLE,
    replace(
        ANKLE,
        width=(130, 230),
        height=(260, 430),
        offset=((-8, 8), (40, 130), STRAIGHT),
        pair=0.05,
        share=0.4,
    ),
    SIDE,
    replace(
        SIDE,
        width=(200, 320),
        height=(260, 420),
        offset=(STRAIGHT, (40, 120), (0, 45)),
        pose={"ankle_flexion": (-65, 5), "toe_extension": (-10, 20)},
        share=0.5,
    ),
    FLAT,
    replace(
        FLAT,
        cut=((-50, -50), (150, 260)),
        pose={"ankle_flexion": (-42, -18), "toe_extension": (-5, 12)},
        tilt=(-5, 12),
        pair=0.15,
        share=0.6,
    ),
    replace(
        FLAT,
        cut=None,
        pose={"ankle_flexion": (-75, -40), "toe_extension": (-5, 15)},
        width=(100, 200),
        height=(220, 400),
        pair=0,
        share=0.25,
    ),
    replace(FLAT, height=(110, 180), offset=((-8, 8), (-50, -20), STRAIGHT), share=0.2),
    OBLIQUE,
    replace(OBLIQUE, azimuth=(-48, -25), share=0.2),
    replace(
        OBLIQUE,
        cut=None,
        pose={"ankle_flexion": (-70, -35)},
        width=(110, 220),
        height=(220, 400),
        pair=0,
        share=0.25,
    ),
    LATERAL,
    HEEL,
    replace(
        FLAT,
        label="other",
        centre="toe_base",
        width=(35, 90),
        height=(50, 110),
        azimuth=(-45, 45),
        offset=((-20, 15), (-35, -5), STRAIGHT),
        share=0.3,
        pair=0,
    ),
    replace(
        HEEL,
        frame="foot",
        centre="calcaneus",
        azimuth=(-6, 6),
        tilt=(-55, -30),
        width=(70, 120),
        height=(90, 150),
        up="+y",
        cut=((-50, -50), (95, 200)),
        share=0.3,
    ),
)
