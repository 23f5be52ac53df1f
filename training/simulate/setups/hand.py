"""Hand, wrist and fingers."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from training.simulate.setup import FLAT, RELAXED, STRAIGHT, View, fist_but

PA = View(
    label="hand_ap",
    centre="f31",
    keep="forearm",
    frame="hand",
    up="-y",
    width=(110, 180),
    height=(170, 270),
    kv=(55, 60),
    azimuth=(163, 197),
    tilt=(-6, 6),
    offset=((-8, 12), (-10, 30), STRAIGHT),
    pose=FLAT,
    pair=0.18,
    upside_down=0.12,
    turn=(-20, 20),
)
OBLIQUE = replace(
    PA, label="hand_oblique", azimuth=(122, 154), pair=0.1, pose=dict(FLAT) | {"curl": (-5, 30)}
)
WRIST = replace(
    PA,
    label="wrist_ap",
    centre="wrist",
    width=(65, 145),
    height=(110, 220),
    offset=((-6, 6), (-25, 25), STRAIGHT),
    pair=0.06,
    pose=dict(FLAT) | {"wrist_deviation": (-18, 12), "wrist_extension": (-12, 12)},
    upside_down=0.25,
)
WRIST_SIDE = replace(
    WRIST,
    label="wrist_lateral",
    azimuth=(76, 104),
    pair=0.0,
    width=(60, 140),
    height=(110, 230),
    pose=dict(RELAXED)
    | {"wrist_extension": (-25, 25), "thumb_abduction": (-30, 30), "thumb_turn": (-40, 40)},
)
FINGER = replace(
    PA,
    label="finger_ap",
    width=(32, 85),
    height=(85, 190),
    offset=((-5, 5), (-15, 50), STRAIGHT),
    pair=0.0,
    upside_down=0.15,
    share=0.3,
)
FINGER_SIDE = replace(
    FINGER,
    label="finger_lateral",
    azimuth=(74, 108),
    width=(35, 100),
    height=(75, 190),
    offset=((-5, 5), (-15, 55), (-10, 15)),
    turn=(-30, 30),
)
THUMB = replace(
    FINGER,
    frame="thumb",
    centre="thumb3",
    up="-y",
    width=(40, 100),
    height=(80, 140),
    pose=FLAT,
    offset=((-6, 6), (-15, 25), STRAIGHT),
    share=0.3,
)
HAND: Final = (
    PA,
    replace(
        PA,
        keep="arm",
        width=(130, 230),
        height=(270, 420),
        offset=((-8, 12), (20, 90), STRAIGHT),
        share=0.35,
        pair=0.05,
    ),
    replace(PA, azimuth=(-12, 12), share=0.15),
    replace(
        PA,
        keep="arm",
        width=(150, 280),
        height=(380, 500),
        offset=((-8, 12), (70, 130), STRAIGHT),
        turn=(-25, 25),
        upside_down=0.35,
        share=0.3,
    ),
    replace(
        PA,
        width=(120, 220),
        height=(180, 290),
        offset=((-8, 12), (0, 50), STRAIGHT),
        pose=dict(FLAT)
        | {f"mcp{digit}": (-5, 22) for digit in (2, 3, 4, 5)}
        | {"splay": (0.2, 2.2), "thumb_abduction": (-35, 35), "wrist_deviation": (-15, 15)},
        share=0.6,
    ),
    OBLIQUE,
    replace(
        OBLIQUE,
        azimuth=(120, 157),
        width=(100, 200),
        height=(170, 290),
        offset=((-8, 12), (-5, 50), STRAIGHT),
        pose=dict(RELAXED) | {"splay": (-0.5, 1.0), "thumb_abduction": (-30, 30), "curl": (-5, 30)},
        share=0.6,
    ),
    replace(OBLIQUE, azimuth=(206, 236), share=0.15),
    replace(
        OBLIQUE,
        keep="arm",
        width=(130, 220),
        height=(260, 380),
        offset=((-8, 12), (20, 80), STRAIGHT),
        share=0.2,
    ),
    WRIST,
    replace(
        WRIST,
        keep="arm",
        width=(90, 190),
        height=(220, 330),
        offset=((-6, 6), (0, 90), STRAIGHT),
        share=0.35,
    ),
    WRIST_SIDE,
    replace(WRIST_SIDE, azimuth=(-104, -76), share=0.6),
    replace(
        WRIST_SIDE,
        keep="arm",
        width=(70, 160),
        height=(210, 320),
        offset=((-6, 6), (0, 90), STRAIGHT),
        share=0.35,
    ),
    *(replace(FINGER, centre=f"f{digit}2") for digit in (2, 3, 4, 5)),
    replace(FINGER, centre="f32", width=(70, 110), share=0.4),
    *(
        replace(
            FINGER,
            centre=f"f{digit}1",
            width=(45, 105),
            height=(120, 220),
            offset=((-8, 8), (-55, 5), STRAIGHT),
        )
        for digit in (2, 3, 5)
    ),
    # wired fingers, half of the hand beside them
    *(
        replace(
            FINGER,
            centre=f"f{digit}1",
            width=(60, 95),
            height=(120, 190),
            offset=((-12, 12), (-20, 30), STRAIGHT),
            metal=0.5,
        )
        for digit in (2, 4)
    ),
    *(replace(FINGER, centre=f"f{digit}2", pose=fist_but(digit)) for digit in (2, 4)),
    *(replace(FINGER_SIDE, centre=f"f{digit}2", pose=fist_but(digit), share=0.4) for digit in (2, 3, 4, 5)),
    replace(FINGER_SIDE, centre="f22", azimuth=(-108, -74), pose=fist_but(2), share=0.3),
    replace(FINGER_SIDE, centre="f32", pose=dict(RELAXED) | {"splay": (0.5, 1.5)}, share=0.25),
    THUMB,
    replace(THUMB, azimuth=(-12, 12), share=0.3),
    replace(THUMB, label="finger_lateral", azimuth=(74, 106), share=0.4),
)
