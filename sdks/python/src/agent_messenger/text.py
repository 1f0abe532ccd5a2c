"""Offsets in a stream count UTF-16 code units; a Python string counts code points."""

from __future__ import annotations


def utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def utf16_slice(text: str, start: int, end: int | None = None) -> str:
    """The code units from `start` to `end`; neither may be within a surrogate pair."""
    units = text.encode("utf-16-le", "surrogatepass")
    return units[2 * start : None if end is None else 2 * end].decode("utf-16-le", "surrogatepass")


def join_surrogates(text: str) -> str:
    """Halves that came in two pieces become the character; one that stands alone becomes U+FFFD."""
    if not any("\ud800" <= char <= "\udfff" for char in text):
        return text
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in joined)


def ends_in_half(text: str) -> bool:
    """Whether the other half of its last character may still come."""
    return text != "" and "\ud800" <= text[-1] <= "\udbff"
