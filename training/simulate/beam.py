"""From thickness maps to what the detector reads: attenuation at six energies, scatter, blur, noise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.simulate.people import Person
from training.simulate.segments import CHANNEL

Map = NDArray[np.float32]

KEV: Final = np.array([30, 40, 50, 60, 80, 100.0])
# NIST mass attenuation (cm^2/g) times density at KEV, per cm
MUSCLE: Final = 1.05 * np.array([0.3783, 0.2685, 0.2262, 0.2048, 0.1823, 0.1693])
FAT: Final = 0.95 * np.array([0.3063, 0.2396, 0.2123, 0.1974, 0.1800, 0.1688])
CORTICAL: Final = 1.85 * np.array([1.331, 0.6655, 0.4242, 0.3148, 0.2229, 0.1855])
TRABECULAR: Final = 0.17 * CORTICAL + 0.83 * (0.6 * FAT + 0.4 * MUSCLE)
TOOTH: Final = 1.25 * CORTICAL
TITANIUM: Final = 4.5 * np.array([4.972, 2.214, 1.213, 0.7661, 0.4052, 0.2721])
PLASTER: Final = 1.0 * np.array([1.1, 0.62, 0.43, 0.34, 0.26, 0.22])
SPECTRA: Final[Mapping[int, tuple[float, ...]]] = {
    55: (0.35, 0.42, 0.23, 0, 0, 0),
    60: (0.27, 0.42, 0.31, 0, 0, 0),
    70: (0.2, 0.33, 0.3, 0.17, 0, 0),
    80: (0.14, 0.27, 0.28, 0.24, 0.07, 0),
    100: (0.1, 0.2, 0.24, 0.25, 0.15, 0.06),
    120: (0.06, 0.14, 0.2, 0.25, 0.22, 0.13),
}
NOISE_SIDE: Final = 640
GRAINS: Final = (0.8, 1.6, 3.0, 7.0, 16.0)  # pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """How one film is exposed."""

    kv: int
    scatter: float  # of the primary that the grid lets through
    blur: float  # pixels, focal spot and detector together
    dose: float  # quanta per pixel behind the patient


class Grain:
    """Textures of several sizes, made once; each film takes random windows of them."""

    def __init__(self, rng: Generator) -> None:
        self._textures = [self._texture(rng, sigma) for sigma in GRAINS]

    @staticmethod
    def _texture(rng: Generator, sigma: float) -> Map:
        noise = rng.standard_normal((NOISE_SIDE, NOISE_SIDE)).astype(np.float32)
        smooth = cv2.GaussianBlur(noise, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
        return np.asarray(smooth / smooth.std(), dtype=np.float32)

    def mix(self, rng: Generator, shape: tuple[int, int], amounts: Mapping[int, float]) -> Map:
        """A texture (H, W) of mean 0, summed from GRAINS[k] times amounts[k]."""
        out = np.zeros(shape, dtype=np.float32)
        for grain, amount in amounts.items():
            top, left = (int(rng.integers(NOISE_SIDE - size + 1)) for size in shape)
            out += amount * self._textures[grain][top : top + shape[0], left : left + shape[1]]
        return out


def exposure(rng: Generator, kv: int, *, trunk: bool) -> Exposure:
    """Draw an exposure; a grid is used for the trunk."""
    return Exposure(
        kv=kv,
        scatter=rng.uniform(0.0, 0.15) if trunk else rng.uniform(0.05, 0.3),
        blur=rng.uniform(0.3, 0.9),
        dose=float(10 ** rng.uniform(3.3, 4.6)),
    )


def attenuation(
    tissues: Map,
    gas: Map | None,
    who: Person,
    how: Exposure,
    grain: Grain,
    rng: Generator,
    *,
    pitch: float,
    trunk: bool,
) -> Map:
    """-log of the detector's signal, (H, W), from thicknesses (tissues, H, W) in cm and bowel gas (H, W) in
    cm.

    ``pitch`` is mm per pixel at the patient.
    """
    signal = _primary(_amounts(tissues, gas, who, grain, rng, trunk=trunk), how)
    wide = cv2.resize(signal, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    wide = cv2.GaussianBlur(wide, (0, 0), max(1.0, 8.0 / pitch), borderType=cv2.BORDER_REPLICATE)
    fog = cv2.resize(wide, signal.shape[::-1], interpolation=cv2.INTER_LINEAR)
    signal = (signal + how.scatter * fog) / (1 + how.scatter)
    signal = cv2.GaussianBlur(signal, (0, 0), how.blur)
    body = tissues[CHANNEL["skin"]] > 0.3
    level = min(float(np.median(signal[body])) if body.sum() > 50 else 0.3, 0.3)
    shot = np.sqrt(np.maximum(signal, 0) * level / how.dose)
    signal = signal + shot * rng.standard_normal(signal.shape).astype(np.float32)
    return np.asarray(-np.log(np.maximum(signal, level * 1e-3)), dtype=np.float32)


def _amounts(
    tissues: Map, gas: Map | None, who: Person, grain: Grain, rng: Generator, *, trunk: bool
) -> dict[str, Map]:
    """Centimetres of each material above what is already counted as muscle or fat."""

    def of(name: str) -> Map:
        return np.asarray(tissues[CHANNEL[name]])

    shape = tissues.shape[1:]
    texture = 1 + rng.uniform(0, 0.06) * grain.mix(rng, shape, {3: 0.5, 4: 0.7})
    lean = np.minimum(of("lean"), of("skin")) * (rng.uniform(0.75, 1.25) if trunk else rng.uniform(0.55, 1.1))
    fat = np.maximum(of("skin") - of("lean"), 0) * rng.uniform(0.5, 2.0)
    trabeculae = grain.mix(rng, shape, {0: 0.8, 1: 0.6})
    inner = np.minimum(of("inner"), of("bone"))
    mineral = who.density * (rng.uniform(1.1, 1.7) if trunk else rng.uniform(1.05, 1.5))
    marrow = inner * np.clip(1 + rng.uniform(0.02, 0.09) * trabeculae, 0.2, 2) * rng.uniform(0.7, 1.4)
    lung = of("lung")
    airless = np.clip(
        rng.uniform(0.18, 0.34) / who.lung * (1 + 0.12 * grain.mix(rng, shape, {1: 0.5, 2: 0.5, 3: 0.4})),
        0.05,
        0.9,
    )
    vessels = 0.8 * np.minimum(of("vessel"), lung) * (1 - airless)
    air = 0.75 * of("airway") + of("air") + 0.3 * of("gut") + 0.5 * of("phar") + (0 if gas is None else gas)
    air = np.minimum(air, 0.9 * (lean + fat))
    muscle = lean * texture - lung * (1 - airless) + vessels - air + 0.12 * of("cart") + 0.03 * of("solid")
    return {
        "muscle": muscle - (of("bone") - inner) * mineral - marrow - of("tooth"),
        "fat": fat * texture,
        "cortical": (of("bone") - inner) * mineral,
        "trabecular": marrow * mineral + marrow * (1 - mineral) * 0.5,
        "tooth": of("tooth"),
        "metal": of("metal"),
        "cast": of("cast"),
    }


def _primary(amounts: Mapping[str, Map], how: Exposure) -> Map:
    tables = {
        "muscle": MUSCLE,
        "fat": FAT,
        "cortical": CORTICAL,
        "trabecular": TRABECULAR,
        "tooth": TOOTH,
        "metal": TITANIUM,
        "cast": PLASTER,
    }
    shares = np.array(SPECTRA[how.kv]) * KEV
    shares /= shares.sum()
    present = [
        name for name, amount in amounts.items() if name not in ("metal", "cast", "tooth") or amount.any()
    ]
    signal = np.zeros(amounts["muscle"].shape, dtype=np.float32)
    for index in np.flatnonzero(shares):
        path = sum(np.float32(tables[name][index]) * amounts[name] for name in present)
        signal += np.float32(shares[index]) * np.exp(-np.maximum(path, 0))
    return signal
