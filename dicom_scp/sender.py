"""A C-STORE and C-ECHO SCU: sends files as they are, and says what became of each."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from dicom_scp import command, pdus
from dicom_scp.header import FileMeta, read, read_file_meta
from dicom_scp.link import Address, Link, Unreachable
from dicom_scp.pdus import ProtocolError
from dicom_scp.requesting import Accepted, Offer
from dicom_scp.status import SUCCESS, is_stored
from dicom_scp.tls import TlsSettings
from dicom_scp.uids import checked_uid
from dicom_scp.wire import ConnectionEnded, Timeouts
from router.errors import InvalidObject

VERIFICATION = "1.2.840.10008.1.1"  # PS3.4 Annex A
_IMPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2"
_MOST_CONTEXTS = 128  # PS3.8 Table 9-13: odd numbers from 1 to 255
_LONGEST_PIECE = 1 << 20  # bytes of a file in memory at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What became of one file. ``status`` is None when there was no response; ``reason`` is empty when
    stored.
    """

    path: Path
    status: int | None
    reason: str
    seconds: float = 0.0  # from the request's first byte to the response
    response_seconds: float = 0.0  # from the data set's last byte to the response

    @property
    def is_stored(self) -> bool:
        return self.status is not None and is_stored(self.status)


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    path: Path
    meta: FileMeta


def send(
    paths: Sequence[Path],
    *,
    host: str,
    port: int,
    calling_ae_title: str,
    called_ae_title: str,
    tls: TlsSettings | None = None,
    progress: Callable[[Sent], None] | None = None,
    timeouts: Timeouts | None = None,
) -> list[Sent]:
    """Send DICOM files, none of them transcoded, in as few associations as their presentation contexts allow.

    One result per path, those that are no DICOM files first; ``progress`` hears of each as it is known.
    Raises Unreachable when the first association cannot be had; one that breaks later ends in its files'
    results.
    """
    sent: list[Sent] = []

    def tell(result: Sent) -> None:
        sent.append(result)
        if progress is not None:
            progress(result)

    address = Address(host, port, calling_ae_title, called_ae_title, tls, timeouts or Timeouts())
    for number, group in enumerate(_groups(list(_readable(paths, tell)))):
        try:
            _send_group(group, address, tell)
        except Unreachable as error:
            if number == 0:
                raise
            for file in group:
                tell(Sent(path=file.path, status=None, reason=str(error)))
    return sent


def echo(
    *,
    host: str,
    port: int,
    calling_ae_title: str,
    called_ae_title: str,
    tls: TlsSettings | None = None,
    timeouts: Timeouts | None = None,
) -> float:
    """C-ECHO (PS3.4 Annex A): the seconds its response took. Raises Unreachable."""
    address = Address(host, port, calling_ae_title, called_ae_title, tls, timeouts or Timeouts())
    offer = Offer(abstract_syntax=VERIFICATION, transfer_syntax=_IMPLICIT_LITTLE_ENDIAN)
    with address.connect() as link:
        accepted = link.associate([offer])
        if offer not in accepted.contexts:
            raise Unreachable(f"{called_ae_title} does not do C-ECHO")
        start = time.perf_counter()
        status, _ = link.ask(accepted.contexts[offer], command.encode_echo(1, sop_class_uid=VERIFICATION))
        if status != SUCCESS:
            raise Unreachable(f"{called_ae_title} answered C-ECHO with status 0x{status:04X}")
        seconds = time.perf_counter() - start
        link.wire.last_word(pdus.release_rq())
        return seconds


def _readable(paths: Sequence[Path], tell: Callable[[Sent], None]) -> Iterator[_File]:
    for path in paths:
        try:
            yield _File(path=path, meta=_meta(path))
        except (InvalidObject, OSError) as error:
            tell(Sent(path=path, status=None, reason=str(error)))


def _meta(path: Path) -> FileMeta:
    """What the data set says it is, or where it cannot be understood, what the file says of itself."""
    with path.open("rb", buffering=0) as file:
        meta = read_file_meta(file)
        try:
            instance = read(file)
        except InvalidObject:
            checked_uid(meta.sop_class_uid, "MediaStorageSOPClassUID")
            checked_uid(meta.sop_instance_uid, "MediaStorageSOPInstanceUID")
            return meta
    return FileMeta(
        transfer_syntax_uid=meta.transfer_syntax_uid,
        sop_class_uid=instance.sop_class_uid,
        sop_instance_uid=instance.sop_instance_uid,
        data_set_start=meta.data_set_start,
    )


def _groups(files: Sequence[_File]) -> Iterator[list[_File]]:
    group: list[_File] = []
    for file in files:
        if len({_offer(known) for known in (*group, file)}) > _MOST_CONTEXTS:
            yield group
            group = []
        group.append(file)
    if group:
        yield group


def _offer(file: _File) -> Offer:
    return Offer(abstract_syntax=file.meta.sop_class_uid, transfer_syntax=file.meta.transfer_syntax_uid)


def _send_group(group: Sequence[_File], address: Address, tell: Callable[[Sent], None]) -> None:
    broken = ""
    with address.connect() as link:
        accepted = link.associate(list(dict.fromkeys(map(_offer, group))))
        for number, file in enumerate(group):
            if broken or _offer(file) not in accepted.contexts:
                tell(
                    Sent(
                        path=file.path,
                        status=None,
                        reason=broken or "its SOP class and transfer syntax were not accepted",
                    )
                )
                continue
            try:
                tell(_send_file(file, link, accepted, number + 1))
            except (ConnectionEnded, ProtocolError, OSError) as error:
                broken = f"the association broke: {error}"
                tell(Sent(path=file.path, status=None, reason=broken))
        if not broken:
            link.wire.last_word(pdus.release_rq())


def _send_file(file: _File, link: Link, accepted: Accepted, number: int) -> Sent:
    context_id = accepted.contexts[_offer(file)]
    start = time.perf_counter()
    encoded = command.encode_store(
        number & 0xFFFF, sop_class_uid=file.meta.sop_class_uid, sop_instance_uid=file.meta.sop_instance_uid
    )
    with file.path.open("rb", buffering=0) as source:
        for pdu in pdus.data_pdus(context_id, encoded, is_command=True, longest=accepted.longest_pdu):
            link.wire.send(pdu)
        for pdu in _data_set(source, file.meta.data_set_start, context_id, accepted.longest_pdu):
            link.wire.send(pdu)
    last = time.perf_counter()
    status, comment = link.answer()
    end = time.perf_counter()
    sent = Sent(path=file.path, status=status, reason="", seconds=end - start, response_seconds=end - last)
    if sent.is_stored:
        return sent
    return Sent(
        path=file.path, status=status, reason=f"status 0x{status:04X} {comment}".strip(), seconds=end - start
    )


def _data_set(source: BinaryIO, start: int, context_id: int, longest: int) -> Iterator[bytes]:
    left = os.fstat(source.fileno()).st_size - start
    source.seek(start)
    while True:
        piece = source.read(min(left, _LONGEST_PIECE, pdus.room(longest, _LONGEST_PIECE)))
        left -= len(piece)
        if left and not piece:
            raise OSError("the file became shorter while it was sent")
        yield from pdus.data_pdus(context_id, piece, is_command=False, longest=longest, is_last=left == 0)
        if left == 0:
            return
