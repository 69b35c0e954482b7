"""Whether a message is in English, by its commonest small words and its script.

The rules know English only. What is clearly another language makes detectors abstain, and is counted;
a few words ("ok", "danke") are too little to tell and are left to the rules, which will not fire on them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.detector.domain.text.wordlist import words

if TYPE_CHECKING:
    from collections.abc import Iterable

_ENGLISH = words(
    """
    the a an i you we it is are was were to of and in for on with that this have has had do does did
    not be been can could would will my our your me us they he she if at from by as so but or what
    how when where why there any all some no yes just like get got please thanks thank need want
    about up out am its it's i'm don't can't it's i've we're
    """
)
_OTHER = words(
    """
    el los las una que de por para con está como pero muy más gracias hola le les des une est et je
    vous nous pas pour avec dans sur mais merci bonjour der die das und ist nicht ich wir sie ein
    eine mit für auf aber danke hallo kann het een van niet ik je met voor dat il che di per con non
    sono grazie ciao um uma não com você obrigado olá do da em é och att det som jag inte nie jest
    się na że dla ve bir bu için mi kvôli være ikke jeg og på til av hoe wir haben können sehr bitte
    quiero necesito cuenta nuestra nuestro factura puedo plus être compte abonnement notre votre
    """
)
_ENOUGH_WORDS = 4
"""Fewer words than this do not carry enough small words to tell languages apart."""
_LATIN_END = "\u024f"
"""Last letter of the Latin blocks that European languages use."""
_READ_WORDS = 200
"""A language shows itself in the first few sentences."""


def guess_language(clauses: Iterable[tuple[str, ...]]) -> str:
    """`en`, `other`, or `unknown` when there is too little to go by. Takes the words clause by clause."""
    read: list[str] = []
    for clause in clauses:
        lowered = " ".join(clause).lower().replace("\u2019", "'")
        read.extend([word for word in lowered.split() if word[0].isalpha()])
        if len(read) >= _READ_WORDS:
            break
    if read and max(read) > _LATIN_END:
        foreign_script = sum(word[0] > _LATIN_END for word in read)
        if foreign_script * 2 > len(read):
            return "other"
    if len(read) < _ENOUGH_WORDS:
        return "unknown"
    english = sum(map(_ENGLISH.__contains__, read))
    other = sum(map(_OTHER.__contains__, read))
    if other > english:
        return "other"
    return "en" if english else "unknown"
