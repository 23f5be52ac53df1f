"""TLS as PS3.15 Annex B.12 asks for (BCP 195 RFC 8996, 9325 TLS Secure Transport Connection Profile)."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from router.errors import SettingsError

# RFC 9325 section 4.2: forward secrecy and AEAD; TLS 1.3 brings its own, all of which qualify.
CIPHERS = ":".join(
    [
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES256-GCM-SHA384",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """Certificates and keys as PEM files.

    ``authorities`` are the certificates that a peer's must be signed by; a listener asks for a peer's
    certificate when ``require_peer_certificate``, a sender always checks the listener's.
    """

    certificate: Path | None = None
    key: Path | None = None
    authorities: Path | None = None
    require_peer_certificate: bool = False
    check_hostname: bool = True  # of a listener, by its sender


def server_context(settings: TlsSettings) -> ssl.SSLContext:
    """The listener's side; raises SettingsError when the files are not what they should be."""
    if settings.certificate is None:
        raise SettingsError("a listener with TLS needs a certificate")
    if settings.require_peer_certificate and settings.authorities is None:
        raise SettingsError("to require client certificates, say which authorities sign them")
    context = _context(ssl.PROTOCOL_TLS_SERVER, settings)
    context.verify_mode = ssl.CERT_REQUIRED if settings.require_peer_certificate else ssl.CERT_NONE
    return context


def client_context(settings: TlsSettings) -> ssl.SSLContext:
    """The sender's side, with its certificate where it has one; raises SettingsError."""
    context = _context(ssl.PROTOCOL_TLS_CLIENT, settings)
    context.check_hostname = settings.check_hostname
    if settings.authorities is None:
        context.load_default_certs()
    return context


def _context(protocol: int, settings: TlsSettings) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    try:
        if settings.certificate is not None:
            context.load_cert_chain(settings.certificate, settings.key)
        if settings.authorities is not None:
            context.load_verify_locations(settings.authorities)
    except OSError as error:  # ssl.SSLError is one
        files = ", ".join(str(f) for f in (settings.certificate, settings.key, settings.authorities) if f)
        raise SettingsError(f"the TLS files {files} cannot be used: {error}") from error
    return context
