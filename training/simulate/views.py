"""The table of views: what a radiographer sets up for each, with the ranges people really use.

Lengths are mm at the patient, angles degrees. ``azimuth`` says where the tube stands around the part's own frame: 0 in
front (AP), 180 behind (PA), 90 on the lateral side of the (left) limb, -90 medial. ``tilt`` is positive towards the head
or the limb's root. Every film may be mirrored, so one side stands for both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

Range = tuple[float, float]
Pose = Mapping[str, Range]
STRAIGHT: Final = (0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One way to set up one view; a label may have several."""

    label: str
    centre: str  # the landmark the central ray meets
    keep: str  # what of the body is there: see bend.kept_segments
    width: Range
    height: Range
    frame: str = "body"
    azimuth: Range = (-5, 5)
    tilt: Range = (-5, 5)
    offset: tuple[Range, Range, Range] = (STRAIGHT, STRAIGHT, STRAIGHT)  # of the centre, in the frame
    up: str = "+y"
    pose: Pose = field(default_factory=dict)
    kv: tuple[int, ...] = (60,)
    distance: Range = (1000, 1200)
    cut: tuple[Range, Range] | None = None  # the posed body is flattened below and above these heights
    turn: Range = (-5, 5)  # the part lies turned on the film
    upside_down: float = 0.02
    pair: float = 0.0  # probability of both sides on one film
    mirror: float = 0.5
    gas: float = 0.0
    grid: bool = False  # trunk: grid, strong range compression
    blackened: float = 12.0  # percent of the patient that may be burnt black
    whitened: float = 6.0  # ... and white
    collimation: float = 0.45
    tight: float = 0.0  # probability of an enhanced joint crop
    share: float = 1.0  # of the label's films


FLAT: Final[Pose] = (
    {f"{joint}{digit}": span for digit in (2, 3, 4, 5) for joint, span in (("mcp", (-3, 8)), ("pip", (0, 14)), ("dip", (0, 10)))}
    | {"curl": (-5, 16), "splay": (-0.5, 1.5), "thumb_abduction": (-25, 25), "thumb_turn": (-20, 25)}
)  # fmt: skip
RELAXED: Final[Pose] = (
    dict(FLAT)
    | {f"{joint}{digit}": (5, 40) for digit in (2, 3, 4, 5) for joint in ("mcp", "pip")}
    | {"splay": (-0.8, 0.3)}
)


def fist_but(*digits: int) -> Pose:
    """All fingers bent away but some."""
    bent = {"mcp": (40, 85), "pip": (60, 100), "dip": (20, 65)}
    return dict(FLAT) | {"splay": (-0.5, 0.2)} | {
        f"{joint}{digit}": span for digit in (2, 3, 4, 5) if digit not in digits for joint, span in bent.items()
    }  # fmt: skip


ARMS_UP: Final[Pose] = {
    "shoulder_flexion": (120, 172),
    "shoulder_abduction": (0, 20),
    "elbow_flexion": (0, 120),
    "both": (1, 1),
}
LEGS: Final[Pose] = {"hip_rotation": (-20, 18), "hip_abduction": (-4, 10), "both": (1, 1)}
FROG: Final[Pose] = {
    "hip_flexion": (15, 70),
    "hip_abduction": (22, 52),
    "hip_rotation": (20, 62),
    "knee_flexion": (30, 110),
}


def _chest() -> list[View]:
    pa = View(label="chest_pa_ap", centre="chest", keep="trunk", azimuth=(174, 186), width=(320, 430), height=(300, 400),
              offset=((-15, 15), (-25, 25), STRAIGHT), kv=(100, 120), distance=(1500, 1800), grid=True, mirror=0.03,
              pose={"neck_flexion": (-25, 10)}, blackened=10)  # fmt: skip
    arms = {
        "shoulder_abduction": (5, 60),
        "shoulder_rotation": (-40, 40),
        "elbow_flexion": (0, 90),
        "both": (1, 1),
    }
    lateral = View(label="chest_lateral", centre="chest", keep="trunk", azimuth=(-95, -85), width=(240, 350), height=(310, 430),
                   offset=(STRAIGHT, (-25, 25), (-15, 20)), kv=(100, 120), distance=(1500, 1800), grid=True, blackened=10)  # fmt: skip
    return [
        pa,
        replace(pa, keep="trunk+arms", pose=arms, azimuth=(-8, 8), tilt=(-12, 8), distance=(1000, 1400)),
        lateral,
        replace(lateral, keep="trunk+arms", pose=ARMS_UP, share=1.5),
        replace(lateral, azimuth=(80, 100), width=(280, 400), height=(380, 480), share=0.5),
    ]


def _spine() -> list[View]:
    lumbar = View(label="lumbar_spine_ap", centre="L3", keep="trunk", width=(110, 270), height=(300, 430), gas=1, kv=(80,),
                  offset=((-15, 15), (-25, 25), STRAIGHT), grid=True, blackened=18, turn=(-3, 3))  # fmt: skip
    lumbar_side = replace(lumbar, label="lumbar_spine_lateral", azimuth=(-97, -83), width=(120, 300), height=(280, 420), gas=0.6,
                          offset=(STRAIGHT, (-25, 25), (-20, 35)), kv=(80, 100))  # fmt: skip
    thoracic = replace(
        lumbar,
        label="thoracic_spine_ap",
        centre="T7",
        height=(320, 450),
        gas=0,
        offset=((-15, 15), (-35, 25), STRAIGHT),
    )
    thoracic_side = replace(thoracic, label="thoracic_spine_lateral", centre="T7", azimuth=(-97, -83), width=(120, 280), height=(310, 440),
                            offset=(STRAIGHT, (-40, 20), (-15, 40)))  # fmt: skip
    cervical = View(label="cervical_spine_ap", centre="C5", keep="trunk", width=(100, 290), height=(160, 300), tilt=(0, 22), kv=(70,),
                    offset=((-8, 8), (-25, 20), STRAIGHT), pose={"neck_flexion": (-35, 0), "neck_turn": (-6, 6)}, grid=True, blackened=12)  # fmt: skip
    cervical_side = replace(cervical, label="cervical_spine_lateral", azimuth=(-96, -84), tilt=(-4, 4), width=(90, 270), height=(160, 310),
                            offset=(STRAIGHT, (-20, 20), (-10, 25)), pose={"neck_flexion": (-35, 40), "neck_turn": (-6, 6)}, distance=(1200, 1800))  # fmt: skip
    whole = View(label="whole_spine_ap", centre="spine", keep="trunk", width=(180, 420), height=(520, 850), gas=0.7, kv=(80, 100),
                 offset=((-15, 15), (-40, 60), STRAIGHT), distance=(1800, 2500), grid=True, tight=0.35, blackened=25, turn=(-3, 3))  # fmt: skip
    return [
        lumbar,
        replace(lumbar, width=(70, 130), collimation=0.9, share=0.4),
        lumbar_side,
        replace(lumbar_side, width=(80, 140), height=(130, 330), share=0.3),
        thoracic,
        replace(thoracic, width=(70, 130), collimation=0.9, share=0.4),
        thoracic_side,
        replace(thoracic_side, keep="trunk+arms", pose=ARMS_UP),
        cervical,
        replace(cervical, width=(70, 120), share=0.4),
        cervical_side,
        replace(cervical_side, width=(60, 110), height=(150, 230), share=0.5),
        whole,
        replace(whole, azimuth=(174, 186), keep="trunk+arms"),
        replace(whole, label="other", azimuth=(-95, -85), width=(200, 350), share=0.3),
    ]


def _abdomen() -> list[View]:
    abdomen = View(label="abdomen_ap", centre="abdomen", keep="trunk", width=(300, 410), height=(370, 490), gas=1, kv=(80,), grid=True,
                   offset=((-15, 15), (-45, 45), STRAIGHT), blackened=15, mirror=0.1)  # fmt: skip
    pelvis = View(label="pelvis_ap", centre="pelvis", keep="trunk", width=(320, 440), height=(250, 380), gas=0.7, kv=(70, 80), pose=LEGS,
                  tilt=(-14, 14), offset=((-12, 12), (-40, 30), STRAIGHT), grid=True, blackened=12)  # fmt: skip
    frog = View(label="oblique_view_of_Lauenstein", centre="hip", keep="trunk", width=(130, 310), height=(170, 330), gas=0.5, kv=(70, 80),
                offset=((-20, 60), (-55, 15), STRAIGHT), azimuth=(-35, 15), pose=FROG, grid=True, blackened=12)  # fmt: skip
    hip = replace(
        frog,
        label="hip_ap",
        pose={"hip_rotation": (-20, 18), "hip_abduction": (-4, 8)},
        azimuth=(-10, 10),
        height=(200, 340),
    )
    return [
        abdomen,
        replace(abdomen, label="abdomen_left_lateral_decubitus", turn=(84, 96), width=(370, 490), height=(300, 410), gas=1.5),
        replace(abdomen, label="abdomen_left_lateral_decubitus", turn=(-96, -84), width=(370, 490), height=(300, 410), gas=1.5),
        pelvis,
        replace(pelvis, height=(380, 600), width=(300, 440), offset=((-12, 12), (-130, -40), STRAIGHT), share=0.6),
        frog,
        replace(frog, centre="pelvis", pose=dict(FROG) | {"both": (1, 1)}, width=(320, 450), height=(240, 360), azimuth=(-6, 6),
                offset=((-10, 10), (-70, 10), STRAIGHT), share=0.8),
        hip,
    ]  # fmt: skip


def _shoulder() -> list[View]:
    ap = View(label="shoulder_ap", centre="shoulder", keep="shoulder", width=(150, 290), height=(170, 310), azimuth=(-42, 10), tilt=(-15, 6), kv=(70,),
              offset=((-35, 15), (-50, 10), STRAIGHT), grid=True, blackened=10, turn=(-8, 8),
              pose={"shoulder_abduction": (0, 35), "shoulder_rotation": (-60, 45), "girdle_lift": (-4, 8)})  # fmt: skip
    outlet = replace(ap, label="shoulder_outlet", centre="scapula", frame="scapula", azimuth=(-106, -76), tilt=(-20, 5), width=(130, 260), height=(170, 300),
                     offset=((0, 20), (-25, 25), (-15, 25)), kv=(70, 80), turn=(-14, 14),
                     pose={"shoulder_abduction": (-4, 16), "shoulder_flexion": (-30, 25), "shoulder_rotation": (-50, 30), "girdle_lift": (-4, 8)})  # fmt: skip
    clavicle = replace(
        ap,
        label="clavicle_ap",
        centre="clavicle",
        azimuth=(-12, 12),
        tilt=(-5, 28),
        width=(180, 270),
        height=(80, 170),
        offset=((-15, 20), (-15, 15), STRAIGHT),
    )
    humerus = replace(
        ap,
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
    return [
        ap,
        replace(ap, pose={"shoulder_abduction": (30, 95), "shoulder_rotation": (-20, 70)}, share=0.25),
        replace(
            ap, width=(130, 220), height=(220, 380), offset=((-10, 25), (-110, -30), STRAIGHT), share=0.4
        ),
        outlet,
        replace(outlet, azimuth=(76, 106), tilt=(-5, 20), share=0.5),
        clavicle,
        replace(
            clavicle,
            centre="sternoclavicular",
            keep="trunk",
            width=(300, 420),
            height=(110, 190),
            offset=((-25, 0), (-10, 20), STRAIGHT),
        ),
        humerus,
        replace(ap, label="other", tilt=(-95, -75), pose={"shoulder_abduction": (70, 95)}, share=0.15),
    ]


def _leg() -> list[View]:
    knee = View(label="knee_ap", centre="knee", keep="leg", width=(100, 190), height=(140, 330), kv=(60, 70), azimuth=(-14, 14), tilt=(-10, 10),
                offset=((-8, 8), (-25, 20), STRAIGHT), pair=0.25, pose={"knee_flexion": (-3, 18), "hip_rotation": (-8, 8)})  # fmt: skip
    side = View(label="knee_lateral", centre="knee", keep="leg", width=(130, 240), height=(150, 310), kv=(60, 70), azimuth=(-99, -81), tilt=(-8, 8),
                offset=(STRAIGHT, (-35, 20), (-25, 25)), pair=0.08, turn=(-50, 40), pose={"knee_flexion": (0, 70)})  # fmt: skip
    patella = View(label="patella_axial", centre="patella", keep="leg", width=(80, 180), height=(70, 180), kv=(60, 70), frame="patella", azimuth=(-8, 8), tilt=(-104, -74),
                   up="+z", offset=((-8, 8), (-10, 10), (-60, -8)), pose={"knee_flexion": (35, 80), "patella_share": (0.5, 0.66)}, pair=0.35,
                   cut=((385, 430), (495, 640)), blackened=8, whitened=25, collimation=0.8, upside_down=0.25, turn=(-8, 8))  # fmt: skip
    shin = View(label="lower_leg_ap", centre="shank", keep="leg", width=(110, 240), height=(370, 520), kv=(60,), azimuth=(-14, 18), pair=0.05, turn=(-50, 50),
                offset=((-15, 15), (-35, 35), STRAIGHT), pose={"ankle_flexion": (-40, 10), "knee_flexion": (0, 20)})  # fmt: skip
    femur = View(label="femur_ap", centre="femur", keep="leg", width=(120, 240), height=(360, 520), kv=(70,), azimuth=(-15, 15), turn=(-25, 25),
                 offset=((-15, 15), (-40, 40), STRAIGHT), pose={"knee_flexion": (0, 15)}, grid=True)  # fmt: skip
    return [
        knee,
        replace(knee, width=(85, 120), height=(70, 120), tight=0.8, pair=0.1, collimation=0.1, share=0.5),
        replace(knee, width=(130, 260), height=(330, 600), pair=0.3, share=0.5),
        replace(side, share=0.7),
        replace(
            side,
            pose={"knee_flexion": (60, 125)},
            width=(150, 300),
            height=(150, 300),
            turn=(-95, 30),
            share=0.6,
        ),
        replace(
            side,
            pose={"knee_flexion": (0, 100)},
            width=(280, 450),
            height=(330, 500),
            turn=(-90, 40),
            share=0.6,
        ),
        patella,
        shin,
        replace(
            shin,
            label="lower_leg_lateral",
            azimuth=(-100, -80),
            pose={"ankle_flexion": (-40, 15), "knee_flexion": (0, 70)},
        ),
        femur,
        replace(femur, label="femur_lateral", azimuth=(-105, -78), pose={"knee_flexion": (0, 60)}),
        replace(
            femur,
            label="other",
            centre="knee",
            keep="leg",
            width=(200, 380),
            height=(750, 950),
            pair=0.6,
            turn=(-3, 3),
            share=0.3,
        ),
    ]


def _foot() -> list[View]:
    ankle = View(label="ankle_ap", centre="ankle", keep="leg", frame="leg", width=(85, 170), height=(130, 260), kv=(55, 60), azimuth=(-14, 24), tilt=(-8, 8),
                 offset=((-8, 8), (0, 55), STRAIGHT), pair=0.08, pose={"ankle_flexion": (-45, 12)}, turn=(-12, 12))  # fmt: skip
    side = replace(ankle, label="ankle_lateral", azimuth=(-99, -81), width=(110, 220), height=(130, 270), offset=(STRAIGHT, (-10, 50), (-5, 45)),
                   pose={"ankle_flexion": (-35, 15), "toe_extension": (-10, 20)}, pair=0.03, turn=(-30, 30))  # fmt: skip
    flat = View(label="foot_ap", centre="foot", keep="leg", frame="foot", up="-y", width=(95, 160), height=(180, 310), kv=(55, 60), azimuth=(-10, 10),
                tilt=(-5, 20), offset=((-8, 8), (-15, 25), STRAIGHT), cut=((-50, -50), (80, 120)), pair=0.25, upside_down=0.12, turn=(-25, 25),
                pose={"toe_extension": (-5, 15), "ankle_flexion": (-20, 10)})  # fmt: skip
    oblique = replace(flat, label="foot_oblique", azimuth=(26, 52), pair=0.12, turn=(-35, 35))
    lateral = View(label="foot_lateral", centre="foot", keep="leg", frame="leg", width=(200, 320), height=(95, 210), kv=(55, 60), azimuth=(-98, -82), tilt=(-8, 8),
                   offset=(STRAIGHT, (-5, 40), (-35, 5)), pose={"ankle_flexion": (-50, 12), "toe_extension": (-10, 25)}, turn=(-30, 40))  # fmt: skip
    heel = replace(side, label="other", centre="calcaneus", width=(80, 130), height=(70, 110), share=0.3)
    return [
        ankle,
        replace(
            ankle,
            width=(130, 230),
            height=(260, 430),
            offset=((-8, 8), (40, 130), STRAIGHT),
            pair=0.05,
            share=0.4,
        ),
        side,
        replace(
            side,
            width=(200, 320),
            height=(260, 420),
            offset=(STRAIGHT, (40, 120), (0, 45)),
            pose={"ankle_flexion": (-65, 5), "toe_extension": (-10, 20)},
            share=0.5,
        ),
        flat,
        replace(
            flat,
            cut=None,
            pose={"ankle_flexion": (-75, -40), "toe_extension": (-5, 15)},
            width=(100, 200),
            height=(220, 400),
            pair=0,
            share=0.25,
        ),
        replace(flat, height=(110, 180), offset=((-8, 8), (-50, -20), STRAIGHT), share=0.2),
        oblique,
        replace(oblique, azimuth=(-48, -25), share=0.2),
        replace(
            oblique,
            cut=None,
            pose={"ankle_flexion": (-70, -35)},
            width=(110, 220),
            height=(220, 400),
            pair=0,
            share=0.25,
        ),
        lateral,
        heel,
        replace(
            flat,
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
            heel,
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
    ]


def _hand() -> list[View]:
    pa = View(label="hand_ap", centre="f31", keep="forearm", frame="hand", up="-y", width=(110, 180), height=(170, 270), kv=(55, 60), azimuth=(168, 192),
              tilt=(-6, 6), offset=((-8, 12), (-10, 30), STRAIGHT), pose=FLAT, pair=0.18, upside_down=0.12, turn=(-20, 20))  # fmt: skip
    oblique = replace(
        pa, label="hand_oblique", azimuth=(122, 154), pair=0.1, pose=dict(FLAT) | {"curl": (-5, 30)}
    )
    wrist = replace(pa, label="wrist_ap", centre="wrist", width=(65, 145), height=(110, 220), offset=((-6, 6), (-25, 25), STRAIGHT), pair=0.06,
                    pose=dict(FLAT) | {"wrist_deviation": (-18, 12), "wrist_extension": (-12, 12)}, upside_down=0.25)  # fmt: skip
    wrist_side = replace(wrist, label="wrist_lateral", azimuth=(76, 104), pair=0.0, width=(60, 140), height=(110, 230),
                         pose=dict(RELAXED) | {"wrist_extension": (-25, 25), "thumb_abduction": (-30, 30), "thumb_turn": (-40, 40)})  # fmt: skip
    finger = replace(
        pa,
        label="finger_ap",
        width=(32, 85),
        height=(85, 190),
        offset=((-5, 5), (-15, 50), STRAIGHT),
        pair=0.0,
        upside_down=0.15,
        share=0.3,
    )
    finger_side = replace(
        finger,
        label="finger_lateral",
        azimuth=(74, 108),
        width=(35, 100),
        height=(75, 190),
        offset=((-5, 5), (-15, 55), (-10, 15)),
        turn=(-30, 30),
    )
    thumb = replace(
        finger,
        frame="thumb",
        centre="thumb3",
        up="-y",
        width=(40, 100),
        height=(80, 140),
        pose=FLAT,
        offset=((-6, 6), (-15, 25), STRAIGHT),
        share=0.3,
    )
    return [
        pa,
        replace(
            pa,
            keep="arm",
            width=(130, 230),
            height=(270, 420),
            offset=((-8, 12), (20, 90), STRAIGHT),
            share=0.35,
            pair=0.05,
        ),
        replace(pa, azimuth=(-12, 12), share=0.15),
        oblique,
        replace(oblique, azimuth=(206, 236), share=0.15),
        replace(
            oblique,
            keep="arm",
            width=(130, 220),
            height=(260, 380),
            offset=((-8, 12), (20, 80), STRAIGHT),
            share=0.2,
        ),
        wrist,
        replace(
            wrist,
            keep="arm",
            width=(90, 190),
            height=(220, 330),
            offset=((-6, 6), (0, 90), STRAIGHT),
            share=0.35,
        ),
        wrist_side,
        replace(wrist_side, azimuth=(-104, -76), share=0.6),
        replace(
            wrist_side,
            keep="arm",
            width=(70, 160),
            height=(210, 320),
            offset=((-6, 6), (0, 90), STRAIGHT),
            share=0.35,
        ),
        *(replace(finger, centre=f"f{digit}2") for digit in (2, 3, 4, 5)),
        replace(finger, centre="f32", width=(70, 110), share=0.4),
        *(
            replace(finger_side, centre=f"f{digit}2", pose=fist_but(digit), share=0.4)
            for digit in (2, 3, 4, 5)
        ),
        replace(finger_side, centre="f22", azimuth=(-108, -74), pose=fist_but(2), share=0.3),
        replace(finger_side, centre="f32", pose=dict(RELAXED) | {"splay": (0.5, 1.5)}, share=0.25),
        thumb,
        replace(thumb, azimuth=(-12, 12), share=0.3),
        replace(thumb, label="finger_lateral", azimuth=(74, 106), share=0.4),
    ]


def _elbow() -> list[View]:
    ap = View(label="elbow_ap", centre="elbow", keep="arm", frame="elbow", width=(85, 175), height=(150, 300), kv=(55, 60), azimuth=(-16, 16), tilt=(-8, 8),
              offset=((-6, 6), (-30, 25), STRAIGHT), pose=dict(FLAT) | {"elbow_flexion": (0, 28)}, turn=(-25, 25), upside_down=0.3)  # fmt: skip
    side = replace(ap, label="elbow_lateral", azimuth=(80, 100), width=(120, 220), height=(120, 230), offset=(STRAIGHT, (-30, 20), (-5, 35)),
                   pose=dict(RELAXED) | {"elbow_flexion": (55, 112)}, turn=(-95, 95), upside_down=0.3)  # fmt: skip
    fore = replace(
        ap,
        label="forearm_ap",
        centre="forearm",
        width=(90, 190),
        height=(260, 390),
        offset=((-10, 10), (-35, 35), STRAIGHT),
        turn=(-40, 40),
    )
    return [
        ap,
        replace(ap, width=(100, 200), height=(260, 360), share=0.3),
        side,
        replace(side, azimuth=(-100, -80), share=0.4),
        replace(side, width=(180, 280), height=(180, 280), share=0.3),
        fore,
        replace(fore, height=(360, 460), share=0.3),
        replace(
            fore,
            label="forearm_lateral",
            azimuth=(78, 102),
            pose=dict(RELAXED) | {"elbow_flexion": (0, 45)},
            height=(260, 420),
        ),
        replace(
            fore,
            label="forearm_lateral",
            azimuth=(78, 102),
            pose=dict(RELAXED) | {"elbow_flexion": (60, 105)},
            width=(140, 260),
        ),
        replace(
            fore,
            label="humerus_ap",
            keep="arm",
            centre="humerus",
            azimuth=(-110, 20),
            height=(300, 420),
            share=0.7,
        ),
    ]


def _head() -> list[View]:
    ap = View(label="skull_ap", centre="skull", keep="trunk", width=(170, 260), height=(200, 300), kv=(70, 80), azimuth=(-6, 6), tilt=(-30, 25), grid=True,
              offset=((-8, 8), (-25, 25), STRAIGHT), pose={"neck_flexion": (-20, 20)})  # fmt: skip
    return [
        ap,
        replace(ap, azimuth=(174, 186)),
        replace(
            ap, label="skull_lateral", azimuth=(-96, -84), tilt=(-5, 5), width=(200, 300), height=(180, 290)
        ),
        replace(ap, label="other", tilt=(25, 50), width=(110, 190), height=(130, 210), share=0.3),
        replace(
            ap,
            label="other",
            centre="nose",
            azimuth=(-95, -85),
            tilt=(-3, 3),
            width=(60, 110),
            height=(60, 110),
            share=0.2,
        ),
        replace(
            ap,
            label="other",
            centre="sternum",
            azimuth=(-97, -83),
            width=(110, 200),
            height=(220, 300),
            pose={},
            share=0.3,
        ),
        replace(
            ap,
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
            ap,
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
            ap,
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
    ]


TABLE: Final = (
    *_chest(),
    *_spine(),
    *_abdomen(),
    *_shoulder(),
    *_leg(),
    *_foot(),
    *_hand(),
    *_elbow(),
    *_head(),
)
LABELS: Final = tuple(sorted({view.label for view in TABLE} | {"panoramic_radiograph"}))
