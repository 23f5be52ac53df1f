"""Where somebody goes after signing in: a path of ours, and never anywhere else."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from fastapi import Request

HOME = "/"
LONGEST = 2000


def local_path(wanted: str | None) -> str:
    """``wanted`` when it is a path on this service, else the first page.

    Browsers read a backslash as a slash and drop control characters, so ``/\\evil.example`` would leave us.
    """
    if not wanted or len(wanted) > LONGEST or not wanted.startswith("/") or wanted.startswith("//"):
        return HOME
    if "\\" in wanted or any(ord(sign) < 0x20 for sign in wanted) or urlsplit(wanted).netloc:
        return HOME
    return wanted


def sign_in_address(request: Request) -> str:
    """The sign-in page, and where it leads on to: what was asked for, or the page a fragment was for."""
    if "hx-request" in request.headers:
        page = urlsplit(request.headers.get("hx-current-url", ""))
        wanted = page.path + (f"?{page.query}" if page.query else "")
    elif request.method == "GET":
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    else:
        wanted = HOME
    wanted = local_path(wanted)
    return "/sign-in" if wanted == HOME else f"/sign-in?next={quote(wanted, safe='/')}"
