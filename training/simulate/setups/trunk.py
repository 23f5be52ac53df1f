"""Chest, abdomen, pelvis and hip."""

from __future__ import annotations

from dataclasses import replace

from training.simulate.setup import ARMS_UP, FROG, LEGS, STRAIGHT, View


def chest() -> list[View]:
    """Its set-ups."""
    pa = View(
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
    arms = {
        "shoulder_abduction": (5, 60),
        "shoulder_rotation": (-40, 40),
        "elbow_flexion": (0, 90),
        "both": (1, 1),
    }
    lateral = View(
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
    return [
        pa,
        replace(pa, keep="trunk+arms", pose=arms, azimuth=(-8, 8), tilt=(-12, 8), distance=(1000, 1400)),
        lateral,
        replace(lateral, keep="trunk+arms", pose=ARMS_UP, share=1.5),
        replace(lateral, azimuth=(80, 100), width=(280, 400), height=(380, 480), share=0.5),
    ]


def abdomen() -> list[View]:
    """Its set-ups."""
    abdomen = View(
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
    pelvis = View(
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
    frog = View(
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
    hip = replace(
        frog,
        label="hip_ap",
        pose={"hip_rotation": (-20, 18), "hip_abduction": (-4, 8)},
        azimuth=(-10, 10),
        height=(200, 340),
    )
    return [
        abdomen,
        replace(
            abdomen,
            label="abdomen_left_lateral_decubitus",
            turn=(84, 96),
            width=(370, 490),
            height=(300, 410),
            gas=1.5,
        ),
        replace(
            abdomen,
            label="abdomen_left_lateral_decubitus",
            turn=(-96, -84),
            width=(370, 490),
            height=(300, 410),
            gas=1.5,
        ),
        pelvis,
        replace(
            pelvis, height=(380, 600), width=(300, 440), offset=((-12, 12), (-130, -40), STRAIGHT), share=0.6
        ),
        frog,
        replace(
            frog,
            centre="pelvis",
            pose=dict(FROG) | {"both": (1, 1)},
            width=(320, 450),
            height=(240, 360),
            azimuth=(-6, 6),
            offset=((-10, 10), (-70, 10), STRAIGHT),
            share=0.8,
        ),
        hip,
    ]
