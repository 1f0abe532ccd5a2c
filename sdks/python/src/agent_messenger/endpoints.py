"""The addresses of the gateways."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit


class Endpoints:
    """One address, or several: the next one's turn is after a failure."""

    def __init__(self, urls: str | Sequence[str]) -> None:
        self._urls = [_checked(url) for url in ([urls] if isinstance(urls, str) else urls)]
        if not self._urls:
            raise ValueError("url is missing")
        self._at = 0

    @property
    def current(self) -> str:
        """Without a slash at its end."""
        return self._urls[self._at]

    @property
    def socket(self) -> str:
        return self.current.replace("http", "ws", 1) + "/agent/connect"

    def rotate(self) -> None:
        self._at = (self._at + 1) % len(self._urls)


def _checked(url: str) -> str:
    """Before anything is sent: a password in an address would end in logs."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("url must begin with http:// or https:// and name a host")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("url must have no password, query or fragment")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
