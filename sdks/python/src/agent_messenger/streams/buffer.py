"""The text of an answer, all of it until the ack, and how much of it was sent."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import MessengerError
from ..text import ends_in_half, join_surrogates, utf16_length, utf16_slice

MAX_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Piece:
    #: UTF-16 code units.
    offset: int
    text: str


class StreamBuffer:
    """No piece ends inside a surrogate pair: a half is held back until the other one comes.

    One that stands alone becomes U+FFFD. Lengths are UTF-16 code units.
    """

    def __init__(self) -> None:
        self._text = ""
        self._held = ""
        self._bytes = 0
        self._length = 0
        self._sent = 0

    @property
    def text(self) -> str:
        return self._text

    @property
    def length(self) -> int:
        return self._length

    @property
    def is_sent(self) -> bool:
        return self._sent >= self._length

    def add(self, text: str) -> None:
        """Raises `payload_too_large` when the answer would be longer than one may be; it stays as it was."""
        joined = self._held + text
        held = joined[-1] if ends_in_half(joined) else ""
        self._append(joined[: len(joined) - len(held)])
        self._held = held

    def close(self) -> None:
        """Nothing more comes: what was held back has no other half."""
        held, self._held = self._held, ""
        self._append(held)

    def next(self) -> Piece | None:
        """What was not sent yet; it counts as sent from now on."""
        if self.is_sent:
            return None
        piece = Piece(self._sent, utf16_slice(self._text, self._sent))
        self._sent = self._length
        return piece

    def rewind(self, offset: int) -> None:
        """The server has this much, and wants the rest."""
        self._sent = min(offset, self._length)

    def _append(self, text: str) -> None:
        whole = join_surrogates(text)
        size = self._bytes + len(whole.encode())
        if size > MAX_BYTES:
            raise MessengerError("payload_too_large", f"an answer has at most {MAX_BYTES} bytes")
        self._bytes = size
        self._text += whole
        self._length += utf16_length(whole)
