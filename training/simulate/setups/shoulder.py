"""Shoulder, clavicle, upper arm, elbow and forearm."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from training.simulate.setup import FLAT, RELAXED, STRAIGHT, View

SHOULDER_AP = View(
    label="shoulder_ap",
    centre="shoulder",
    keep="shoulder",
    width=(150, 290),
    height=(170, 310),
    azimuth=(-42, 10),
    tilt=(-15, 6),
    kv=(70,),
    offset=((-35, 15), (-50, 10), STRAIGHT),
    grid=True,
    blackened=10,
    turn=(-8, 8),
    pose={"shoulder_abduction": (0, 35), "shoulder_rotation": (-60, 45), "girdle_lift": (-4, 8)},
)
SHOULDER_OUTLET = replace(
    SHOULDER_AP,
    label="shoulder_outlet",
    centre="scapula",
    frame="scapula",
    azimuth=(-106, -76),
    tilt=(-20, 5),
    width=(130, 260),
    height=(170, 300),
    offset=((0, 20), (-25, 25), (-15, 25)),
    kv=(70, 80),
    turn=(-14, 14),
    pose={
        "shoulder_abduction": (-4, 16),
        "shoulder_flexion": (-30, 25),
        "shoulder_rotation": (-50, 30),
        "girdle_lift": (-4, 8),
    },
)
SHOULDER_CLAVICLE = replace(
    SHOULDER_AP,
    label="clavicle_ap",
    centre="clavicle",
    azimuth=(-12, 12),
    tilt=(-5, 28),
    width=(180, 270),
    height=(80, 170),
    offset=((-15, 20), (-15, 15), STRAIGHT),
)
SHOULDER_HUMERUS = replace(
    SHOULDER_AP,
    label="humerus_ap",
    centre="humerus",
    keep="shoulder",
    width=(90, 200),
    height=(310, 430),
    azimuth=(-15, 15),
    offset=((-15, 15), (-25, 25), STRAIGHT),
    grid=False,
    turn=(-25, 25),
)
SHOULDER: Final = (
    SHOULDER_AP,
    replace(SHOULDER_AP, pose={"shoulder_abduction": (30, 95), "shoulder_rotation": (-20, 70)}, share=0.25),
    replace(
        SHOULDER_AP, width=(130, 220), height=(220, 380), offset=((-10, 25), (-110, -30), STRAIGHT), share=0.4
    ),
    replace(
        SHOULDER_AP,
        width=(90, 190),
        height=(150, 300),
        offset=((-20, 25), (-85, -5), STRAIGHT),
        azimuth=(-45, 35),
        pose={"shoulder_abduction": (-5, 60), "shoulder_rotation": (-70, 70), "girdle_lift": (-4, 10)},
        blackened=25,
        whitened=15,
        turn=(-12, 12),
        metal=1.0,
        share=0.8,
    ),
    replace(
        SHOULDER_AP, width=(100, 170), height=(110, 190), offset=((-20, 15), (-30, 15), STRAIGHT), share=0.3
    ),
    replace(
        SHOULDER_AP,
        width=(240, 360),
        height=(220, 360),
        offset=((-70, 20), (-60, 30), STRAIGHT),
        azimuth=(-30, 12),
        share=0.5,
    ),
    SHOULDER_OUTLET,
    replace(SHOULDER_OUTLET, azimuth=(76, 106), tilt=(-5, 20), share=0.5),
    SHOULDER_CLAVICLE,
    replace(
        SHOULDER_CLAVICLE,
        centre="sternoclavicular",
        keep="trunk",
        width=(300, 420),
        height=(110, 190),
        offset=((-25, 0), (-10, 20), STRAIGHT),
    ),
    SHOULDER_HUMERUS,
    replace(SHOULDER_AP, label="other", tilt=(-95, -75), pose={"shoulder_abduction": (70, 95)}, share=0.15),
)

ELBOW_AP = View(
    label="elbow_ap",
    centre="elbow",
    keep="arm",
    frame="elbow",
    width=(85, 175),
    height=(150, 300),
    kv=(55, 60),
    azimuth=(-16, 16),
    tilt=(-8, 8),
    offset=((-6, 6), (-30, 25), STRAIGHT),
    pose=dict(FLAT) | {"elbow_flexion": (0, 28)},
    turn=(-25, 25),
    upside_down=0.3,
)
ELBOW_SIDE = replace(
    ELBOW_AP,
    label="elbow_lateral",
    azimuth=(80, 100),
    width=(120, 220),
    height=(120, 230),
    offset=(STRAIGHT, (-30, 20), (-5, 35)),
    pose=dict(RELAXED) | {"elbow_flexion": (55, 112)},
    turn=(-95, 95),
    upside_down=0.3,
)
ELBOW_FORE = replace(
    ELBOW_AP,
    label="forearm_ap",
    centre="forearm",
    width=(90, 190),
    height=(260, 390),
    offset=((-10, 10), (-35, 35), STRAIGHT),
    turn=(-40, 40),
)
ELBOW: Final = (
    ELBOW_AP,
    replace(ELBOW_AP, width=(100, 200), height=(260, 360), turn=(-60, 60), pair=0.2, share=0.4),
    replace(
        ELBOW_AP, width=(70, 115), height=(80, 160), pose=dict(FLAT) | {"elbow_flexion": (0, 35)}, share=0.4
    ),
    replace(
        ELBOW_AP,
        azimuth=(-30, 30),
        pose=dict(FLAT) | {"elbow_flexion": (25, 65)},
        turn=(-70, 70),
        share=0.35,
    ),
    replace(
        ELBOW_AP,
        width=(100, 190),
        height=(270, 420),
        offset=((-6, 6), (-60, 60), STRAIGHT),
        pose=dict(FLAT) | {"elbow_flexion": (0, 15)},
        turn=(-12, 12),
        share=0.5,
    ),
    ELBOW_SIDE,
    replace(ELBOW_SIDE, azimuth=(-100, -80), share=0.4),
    replace(ELBOW_SIDE, width=(80, 130), height=(80, 140), share=0.4),
    replace(
        ELBOW_SIDE,
        azimuth=(70, 112),
        pose=dict(RELAXED) | {"elbow_flexion": (20, 130)},
        width=(110, 260),
        pair=0.1,
        share=0.6,
    ),
    replace(ELBOW_SIDE, width=(180, 280), height=(180, 280), share=0.3),
    replace(ELBOW_SIDE, width=(250, 370), height=(250, 370), share=0.5),
    # the upper arm along the plate, the joint near its edge
    replace(
        ELBOW_SIDE,
        width=(180, 320),
        height=(220, 360),
        offset=(STRAIGHT, (-20, 130), (-60, 90)),
        share=0.8,
    ),
    ELBOW_FORE,
    replace(ELBOW_FORE, height=(360, 460), share=0.3),
    replace(
        ELBOW_FORE,
        azimuth=(-35, 30),
        pose=dict(FLAT) | {"elbow_flexion": (0, 45), "wrist_extension": (-25, 25)},
        width=(130, 300),
        height=(330, 520),
        turn=(-90, 90),
        pair=0.15,
        upside_down=0.4,
        share=0.7,
    ),
    # small on a large plate, plated bones too
    replace(ELBOW_FORE, width=(240, 430), height=(330, 540), turn=(-65, 65), metal=0.5, share=0.6),
    replace(
        ELBOW_FORE,
        label="forearm_lateral",
        azimuth=(78, 102),
        pose=dict(RELAXED) | {"elbow_flexion": (0, 45)},
        height=(260, 420),
    ),
    replace(
        ELBOW_FORE,
        label="forearm_lateral",
        azimuth=(78, 102),
        pose=dict(RELAXED) | {"elbow_flexion": (60, 105)},
        width=(140, 260),
    ),
    replace(
        ELBOW_FORE,
        label="forearm_lateral",
        azimuth=(65, 112),
        pose=dict(RELAXED) | {"elbow_flexion": (15, 100), "wrist_extension": (-25, 25)},
        width=(160, 320),
        height=(330, 500),
        turn=(-90, 90),
        upside_down=0.4,
        share=0.7,
    ),
    replace(
        ELBOW_FORE,
        label="forearm_lateral",
        azimuth=(70, 110),
        pose=dict(RELAXED) | {"elbow_flexion": (10, 100)},
        width=(240, 430),
        height=(330, 540),
        turn=(-65, 65),
        metal=0.5,
        share=0.5,
    ),
    replace(
        ELBOW_FORE,
        label="humerus_ap",
        keep="arm",
        centre="humerus",
        azimuth=(-110, 20),
        height=(300, 420),
        share=0.7,
    ),
)
