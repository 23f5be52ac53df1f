from __future__ import annotations

import socket
from typing import Any

import pytest

from dicom_scp.link import Unreachable
from dicom_scp.sender import Sent, echo, send


def test_progress_hears_of_every_file(listener: Any, films: Any, here: dict[str, str]) -> None:
    house = listener()
    heard: list[Sent] = []
    paths = [films.write("1.dcm"), films.keep("2.dcm", b"no DICOM"), films.write("3.dcm")]
    sent = send(paths, port=house.port, progress=heard.append, **here)
    assert heard == sent and {file.path for file in sent} == set(paths)
    assert [file.path.name for file in sent if not file.is_stored] == ["2.dcm"]


def test_more_kinds_of_objects_than_one_association_can_propose_take_several(
    listener: Any, films: Any, here: dict[str, str]
) -> None:
    house = listener()
    paths = [films.write(f"{number}.dcm", SOPClassUID=f"1.2.3.4.{number}") for number in range(130)]
    sent = send(paths, port=house.port, **here)
    assert [file.path for file in sent] == paths and all(file.is_stored for file in sent)


def test_what_the_other_side_does_not_take_is_said_for_that_file_alone(
    listener: Any, films: Any, here: dict[str, str]
) -> None:
    house = listener()
    echo_is_no_storage = films.write("1.dcm", SOPClassUID="1.2.840.10008.5.1.4.1.2.1.1")  # C-FIND
    rejected, stored = send([echo_is_no_storage, films.write("2.dcm")], port=house.port, **here)
    assert "not accepted" in rejected.reason and stored.is_stored


def test_nobody_there_is_said_in_one_sentence(here: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with pytest.raises(Unreachable, match=f"no connection to 127.0.0.1:{port}"):
        echo(port=port, **here)
