"""What a wish is for, in the customer's words.

A wish begins with a formula ("it would be great if we could ...") and ends with the thing itself. The
title is the thing: the words after the last formula, without fillers, cut to a line.
"""

from __future__ import annotations

from functools import cache

from services.detector.domain.text.phrases import Phrase, compile_phrase, phrase_lines
from services.detector.domain.text.wordlist import words

TITLE_LIMIT_WORDS = 12
"""A title is read in a list; what does not fit is in the evidence."""
_SHORTEST_TITLE_WORDS = 2
"""One word ("it", "export") is too little to tell one wish from another."""
_SAME_WISH_SHARE = 0.5
"""Two titles that share half of their content words are about the same wish."""

_FORMULAS = """
would ..3 great|nice|awesome|cool|helpful|amazing|useful|good|perfect|lovely|wonderful|fantastic|handy|
    better|love ..1 if|to_have|to_be_able_to|to_see|to
wish ..1 i|we|you|it|there|the|they could|had|was|were|would?
would|should love|like to see|have|be_able_to|get
would|should love|like ..1 a|an|to
any plans|plan|chance|possibility|way|intention ..2 to|of|for
is|are there|you ..2 plans|plan|chance|planning|thinking ..1 to|of|for|on
is it ..1 on ..2 roadmap ..1 to
feature request|suggestion|idea for_you?
suggestion|idea|request|proposal that|is|to|for
suggest|propose|recommend|request ..1 adding|having|a|an|that
could|can|would|will|please|kindly ..4 add|implement|support|allow|include|introduce|build|enable|provide|
    bring|consider|make
consider|considering|thought_about|think_about|mind adding|implementing|supporting|making|a|an|having
please|kindly add|implement|support|allow|include|introduce|build|enable|provide|bring|consider|make|let
need|needs|want|wants|require|requires ..1 a|an|the|more ..1 way|option|ability|possibility|feature|
    button|setting|function|support to|for|of
should|could|needs_to|must be|have ..1 a|an? ..1 option|way|setting|button|ability|possibility to|for|of
there should|could|needs_to be ..1 a|an|some? option|way? to|for
the|an option|ability|possibility|way to|for|of
you should ..2 add|let|allow|have|make|support|include|offer
you could ..1 add|let|allow|make|support
only thing ..3 missing|miss|lacking|need|want ..1 is
missing|lacks|lacking|lack|miss ..1 a|an|the|feature?
what ..2 missing ..2 is
what ..3 like|want|need ..1 is
when will|are|is you|the|there
hope|hoping|looking_forward ..4 add|support|to|that|day
why ..2 there|you not|no
how about letting|adding|making|a|an
have you thought ..1 about|of
ability to
being able to
if only i|we|you|there could|was|were
let us|me|users|customers|people|agents
allow us|me|users|customers|people|agents ..1 to
"""
_FILLERS = words(
    """
    i we you it they there us me my our your the a an to of for that this if could can be able have had
    has was were is are
    would will should add adding added implement support allow include introduce build enable provide
    bring consider see
    get some option options ability possibility way feature features please so also just maybe really
    kindly let make
    users one still in idea not more and but
    """
)
_TAILS = words("please thanks thank soon in the future so that because as it would be great i think hint")
_CONTENT_STOP = _FILLERS | words("when with from by on at as or into via than too very all any each every")


@cache
def _formulas() -> tuple[Phrase, ...]:
    return tuple(compile_phrase(line) for line in phrase_lines(_FORMULAS))


def wish_title(normal: str) -> str:
    """The thing wished for, at most TITLE_LIMIT_WORDS words; the clause itself as a last resort."""
    cut = 1
    for formula in _formulas():
        if not any(anchor in normal for anchor in formula.anchors):
            continue
        for found in formula.pattern.finditer(normal):
            if len(normal) - found.end() > len(" ab cd") and found.end() > cut:
                cut = found.end()
    title = _trimmed(normal[cut:].split())
    if len(title) < _SHORTEST_TITLE_WORDS:
        title = _trimmed(normal.split()) or normal.split()
    return " ".join(title[:TITLE_LIMIT_WORDS])


def _trimmed(title: list[str]) -> list[str]:
    start, end = 0, len(title)
    while start < end and title[start] in _FILLERS:
        start += 1
    while end > start and title[end - 1] in _TAILS:
        end -= 1
    return title[start:end]


def content_words(title: str) -> frozenset[str]:
    """The words of a title that carry its meaning; plural and singular are one."""
    kept = (word for word in title.split() if word not in _CONTENT_STOP)
    return frozenset(word.removesuffix("s") if len(word) > 3 else word for word in kept)  # noqa: PLR2004 - "sms" and "sso" keep their s


def same_wish(one: str, other: str) -> bool:
    """Whether two titles are about the same thing, by the content words they share."""
    left, right = content_words(one), content_words(other)
    if not left or not right:
        return one == other
    return len(left & right) >= _SAME_WISH_SHARE * min(len(left), len(right))
