"""What the settings say about TLS, in the words of the room that speaks it."""

from __future__ import annotations

from dicom_scp.tls import TlsSettings
from service.sections import TlsDoor
from service.sections_orders import WorklistSource


def tls_at(door: TlsDoor) -> TlsSettings | None:
    """How a door of ours speaks TLS; None: in plain."""
    if door.tls_certificate is None:
        return None
    return TlsSettings(
        certificate=door.tls_certificate,
        key=door.tls_key,
        authorities=door.tls_ca,
        require_peer_certificate=door.tls_require_client_certificate,
    )


def tls_to(source: WorklistSource) -> TlsSettings | None:
    """How to speak TLS to a worklist; None: in plain."""
    if not source.tls:
        return None
    return TlsSettings(certificate=source.tls_certificate, key=source.tls_key, authorities=source.tls_ca)
