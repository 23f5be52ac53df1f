"""How soon a film's label can be read over REST after its C-STORE was answered.

    python -m bench.latency [--singles 40] [--burst 100] [--side 2000] [--packs FOLDER]

    single   one film at a time, a pause between them, each asked for by its UID until it is done
    burst    many films by four senders at once; all that is done is listed every 50 ms

The clock starts when the sender has the response and stops when the answer of the API has been read.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.ending import clean_up_when_told_to_end
from bench.house import AE_TITLE, House
from bench.packs import view_pack_folders
from bench.radiographs import Radiograph, write_radiographs
from bench.report import percentile, show
from dicom_scp.sender import Sent, send

SENDERS = 4
AIM_SECONDS = 1.0
LONGEST_SECONDS = 120.0
POLL_SECONDS, LIST_SECONDS = 0.005, 0.05


class Rest:
    """One kept-alive connection to the API."""

    def __init__(self, api: str) -> None:
        self._connection = http.client.HTTPConnection(api.removeprefix("http://"), timeout=30)

    def get(self, path: str) -> Any:
        """What a GET answers, decoded."""
        self._connection.request("GET", path)
        with self._connection.getresponse() as answer:
            return json.loads(answer.read())

    def is_done(self, film: Radiograph) -> bool:
        """Whether the film's label can be read."""
        answer = self.get(f"/api/v1/instances/{film.sop_instance_uid}")
        if answer.get("state") == "failed":
            raise RuntimeError(f"{film.path.name} failed: {answer['reason']}")
        return bool(answer.get("state") == "done")


def main() -> None:
    """Run both and print them."""
    options = _options()
    clean_up_when_told_to_end()
    work = Path(tempfile.mkdtemp(prefix="radrouter-latency-"))
    try:
        folders, pack = view_pack_folders(work / "packs", options.packs)
        settings: dict[str, dict[str, object]] = {
            "storage": {"soft_free_fraction": 0.0, "hard_free_fraction": 0.0},
            "models": {"folders": [str(folder) for folder in folders]},
        }
        with House(work / "house", settings) as house:
            chance = random.Random(options.seed)
            films = write_radiographs(work / "films", chance, count=options.singles + 3, side=options.side)
            _warm(films[:3], house)
            singles = [_single(film, house, chance) for film in films[3:]]
            films = write_radiographs(work / "burst", chance, count=options.burst, side=options.side)
            burst = _burst(films, house)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    rows = [_row("single", singles), _row("burst", burst)]
    megabytes = 2 * options.side**2 / 1e6
    show("latency", rows, notes=[f"films of {megabytes:.1f} MB, uncompressed; {pack}; SQLite, 1 worker"])
    sys.exit(0 if percentile(singles, 95) < AIM_SECONDS else 1)


def _warm(films: Sequence[Radiograph], house: House) -> None:
    """Until the models are loaded nobody is measured."""
    _send(films, house)
    rest = Rest(house.api)
    house.wait_for(lambda: all(rest.is_done(film) for film in films), "the first answers")


def _single(film: Radiograph, house: House, chance: random.Random) -> float:
    time.sleep(chance.uniform(0.2, 0.4))
    rest = Rest(house.api)
    _send([film], house)
    start = time.perf_counter()
    while not rest.is_done(film):
        if time.perf_counter() > start + LONGEST_SECONDS:
            raise TimeoutError(f"{film.path.name} was not answered")
        time.sleep(POLL_SECONDS)
    return time.perf_counter() - start


def _burst(films: Sequence[Radiograph], house: House) -> list[float]:
    answered: dict[str, float] = {}
    by_path = {film.path: film.sop_instance_uid for film in films}

    def note(sent: Sent) -> None:
        if not sent.is_stored:
            raise RuntimeError(f"{sent.path.name} was refused: {sent.reason}")
        answered[by_path[sent.path]] = time.perf_counter()

    threads = [
        threading.Thread(target=_send, args=(films[sender::SENDERS], house, note))
        for sender in range(SENDERS)
    ]
    for thread in threads:
        thread.start()
    readable = _listed(set(by_path.values()), house)
    for thread in threads:
        thread.join()
    return [readable[uid] - answered[uid] for uid in by_path.values()]


def _listed(wanted: set[str], house: House) -> dict[str, float]:
    """When each was first seen among those that are done."""
    rest = Rest(house.api)
    seen: dict[str, float] = {}
    end = time.perf_counter() + LONGEST_SECONDS
    while wanted - seen.keys():
        if time.perf_counter() > end:
            raise TimeoutError(f"{len(wanted - seen.keys())} films were not answered")
        done = rest.get("/api/v1/instances?state=done&limit=1000")["instances"]
        now = time.perf_counter()
        for each in done:
            seen.setdefault(each["sop_instance_uid"], now)
        time.sleep(LIST_SECONDS)
    return seen


def _send(films: Sequence[Radiograph], house: House, note: Any = None) -> None:
    sent = send(
        [film.path for film in films],
        host="127.0.0.1",
        port=house.listener_port,
        calling_ae_title="BENCH",
        called_ae_title=AE_TITLE,
        progress=note,
    )
    if not all(each.is_stored for each in sent):
        raise RuntimeError("a film was refused")


def _row(what: str, seconds: Sequence[float]) -> dict[str, object]:
    row: dict[str, object] = {"films": what, "count": len(seconds)}
    row |= {f"p{p}_ms": round(percentile(seconds, p) * 1000) for p in (50, 95)}
    return row | {"max_ms": round(max(seconds) * 1000), "aim_ms": round(AIM_SECONDS * 1000)}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--singles", type=int, default=40)
    parser.add_argument("--burst", type=int, default=100)
    parser.add_argument("--side", type=int, default=2000, help="of the films, in pixels")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--packs", type=Path, help="a folder with packs; default: the shipped view pack")
    return parser.parse_args()


if __name__ == "__main__":
    main()
