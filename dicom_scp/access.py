"""Who may send: a pure function of a caller and a policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network

ANYBODY = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """One line of the allow-list.

    ``calling_ae_title`` is an AE title or a pattern (``*``, ``?``), case counts (PS3.5: AE). ``network`` is
    an address or a network (``10.1.0.0/16``, ``fd00::/8``), or ``*``.
    """

    calling_ae_title: str = ANYBODY
    network: str = ANYBODY

    def __post_init__(self) -> None:
        """Raises ValueError when ``network`` is none: in the settings, not when somebody calls."""
        if self.network != ANYBODY:
            ip_network(self.network, strict=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicy:
    """Who may associate. ``open_to_all`` is for loopback without a list; ``called_ae_titles`` empty takes
    any.
    """

    callers: tuple[Caller, ...] = ()
    called_ae_titles: tuple[str, ...] = ()
    open_to_all: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """Why a caller is turned away; ``is_called`` when it asked for somebody else than us."""

    reason: str
    is_called: bool = False


def policy_for(host: str, callers: Sequence[Caller], *, called_ae_titles: Sequence[str] = ()) -> AccessPolicy:
    """Open on loopback unless there is a list; on any other ``host`` only the list."""
    return AccessPolicy(
        callers=tuple(callers),
        called_ae_titles=tuple(called_ae_titles),
        open_to_all=not callers and is_loopback(host),
    )


def is_loopback(host: str) -> bool:
    """Whether ``host`` can only be reached from this machine; a name other than localhost counts as
    reachable.
    """
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def admit(
    calling_ae_title: str, called_ae_title: str, address: str, *, policy: AccessPolicy
) -> Denial | None:
    """None lets the caller in; ``address`` is its IP address."""
    if policy.called_ae_titles and called_ae_title not in policy.called_ae_titles:
        return Denial(reason=f"called AE title {called_ae_title!r} is not ours", is_called=True)
    if policy.open_to_all:
        return None
    if not policy.callers:
        return Denial(reason="nobody is allowed yet")
    known = [caller for caller in policy.callers if fnmatchcase(calling_ae_title, caller.calling_ae_title)]
    if not known:
        return Denial(reason=f"calling AE title {calling_ae_title!r} is not allowed")
    if not any(_is_in(address, caller.network) for caller in known):
        return Denial(reason=f"{calling_ae_title!r} is not allowed from {address}")
    return None


def _is_in(address: str, network: str) -> bool:
    if network == ANYBODY:
        return True
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(ip, "ipv4_mapped", None)  # what an IPv4 caller looks like on a dual-stack socket
    wanted = ip_network(network, strict=False)
    return ip in wanted or (mapped is not None and mapped in wanted)
