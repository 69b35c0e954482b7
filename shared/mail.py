"""What counts as an e-mail address: one rule for forms, for files, and for sending."""

from __future__ import annotations

import re

_MOST_OCTETS = 254
_MOST_LOCAL_OCTETS = 64
"""RFC 5321 §4.5.3.1, where a path is 256 octets with its angle brackets."""

_WORD = r"[^ ()<>\[\]:;@\\,\".]+"
_LOCAL = re.compile(rf"{_WORD}(?:\.{_WORD})*")
_LETTER = r"(?:[A-Za-z0-9_]|[^\x00-\x7f])"
_LABEL = rf"{_LETTER}(?:(?:{_LETTER}|-){{0,61}}{_LETTER})?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


def is_mail_address(text: str) -> bool:
    """Return whether mail can be addressed to `text` as it stands, whoever it belongs to.

    That is `name@host` as RFC 5321 defines it, with letters of all languages (RFC 6531): no name in front, no
    quotes, no spaces, no line breaks, no list of several. A host of one word is accepted, for servers inside
    a company.
    """
    local, _, domain = text.rpartition("@")
    return (
        # Checked first: unprintable text, such as half a surrogate pair, cannot be encoded.
        text.isprintable()
        and len(text.encode()) <= _MOST_OCTETS
        and len(local.encode()) <= _MOST_LOCAL_OCTETS
        and _LOCAL.fullmatch(local) is not None
        and _DOMAIN.fullmatch(domain) is not None
    )
