"""One spelling for what people write in ten ways."""

from __future__ import annotations

import pytest

from services.detector.domain.text.words import normalised


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Can't", "can not"),
        ("won\u2019t", "will not"),
        ("they\u2019ll", "they will"),
        ("it's", "it is"),
        ("company's", "company"),
        ("o'clock", "oclock"),
        ("we'd", "we would"),
        ("CANCELLED", "canceled"),
        ("cancle", "cancel"),
        ("subscribtion", "subscription"),
        ("upgarde", "upgrade"),
        ("acount", "account"),
        ("leaning", "leaning"),
        ("export", "export"),
        ("experts", "experts"),
        ("pls", "please"),
        ("Straße", "straße"),
    ],
)
def test_words_come_to_their_normal_form(written: str, meant: str) -> None:
    """Contractions open, slips mend, real words stay."""
    assert normalised(written) == meant
