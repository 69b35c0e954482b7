"""What a wish is for, in the customer's words.

A wish begins with a formula ("it would be great if we could ...") and ends with the thing itself. The
title is the thing, as it was written: the words after the last formula, without fillers and afterthoughts,
cut to a line. Words that name no thing ("all that follow", "put it on the list") are no title.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from services.detector.domain.text.phrases import Phrase, compile_phrase, phrase_lines
from services.detector.domain.text.themes import clause_about
from services.detector.domain.text.wordlist import words
from services.detector.domain.text.words import WORD, normalised

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from services.detector.domain.text.sentences import Clause

TITLE_LIMIT_WORDS = 12
"""A title is read in a list; what does not fit is in the evidence."""
_FEWEST_TELLING_WORDS = 2
"""One word ("export", "calendar") is too little to tell one wish from another, unless it names a theme."""
_OUTRIGHT = 3.0
"""Points of clarity for what follows a formula: it is the thing itself."""
_BESIDE_COSTS = 1.5
"""Points of clarity by which a neighbouring clause must be better than the one that wishes."""
_WORDS_BEFORE_COMMA = 4
"""A title is not cut at a comma before this many words."""
_SAME_WISH_SHARE = 0.5
"""Two titles that share half of their content words are about the same wish."""

_FORMULAS = """
would ..3 great|nice|awesome|cool|helpful|amazing|useful|good|perfect|lovely|wonderful|fantastic|handy|
    better|love ..1 if|to_have|to_be_able_to|to_see|to
would be ..2 relief|help|blessing|godsend|dream|lifesaver ..4 if|to_have|to_be_able_to|to
wish|wishing ..1 i|we|you|it|there|the|they|one ..2 could|had|was|were|would?
would|should love|like to see|have|be_able_to|get
would|should love|like ..1 a|an|to|one|some|more|better
do|are you plan|planning|intend to ..1 offer|add|support|have
would kill|die|beg|pay for
vote|votes for
any plans|plan|chance|possibility|way|intention|thoughts|hope ..2 to|of|for|on|the
is|are there|you ..2 plans|plan|chance|planning|thinking ..1 to|of|for|on
is there any? way|chance ..1 to?
is it ..1 on ..2 roadmap ..1 to
feature request|suggestion|idea for_you?
suggestion|idea|request|proposal that|is|to|for
suggest|propose|recommend|request ..1 adding|having|a|an|that
could|can|would|will|please|kindly ..4 add|implement|support|allow|include|introduce|build|enable|provide|
    consider|offer
could|can|would|will you ..1 make it? so? that?
could|can|may we|i ..1 get|have
could|can it be made so|possible that|to
could there be a|an|some
consider|considering|thought_about|think_about|mind adding|implementing|supporting|making|a|an|having
please|kindly add|implement|support|allow|include|introduce|build|enable|provide|consider|make|let|
    give|offer|us
please may|can|could we|i ..1 have|get
need|needs|want|wants|require|requires ..1 a|an|the|more ..1 way|option|ability|possibility|feature|
    button|setting|function|support to|for|of
should|could|needs_to|must be|have ..1 a|an? ..1 option|way|setting|button|ability|possibility to|for|of
there should|could|needs_to be ..1 a|an|some? option|way? to|for
there must|has_to be ..3 way to|of
the|an option|ability|possibility|way to|for|of
you should ..2 add|let|allow|have|make|support|include|offer
you could ..1 add|let|allow|make|support
only|one thing ..3 missing|miss|lacking|need|want ..1 is
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
small|little|tiny|quick|one|another ..1 one|thing|ask|wish|request
wishlist|wish_list item
ask|asks|asked|asking|wonder if|whether
pay ..2 money|extra|more for
kindly? advise when
"""
_FILLERS = words(
    """
    i we you it they there us me my our your the a an to of for that this if could can be able have had
    has was were is are
    would will should add adding added implement support allow include introduce build enable provide
    bring consider see
    get some option options ability possibility way feature features please so also just maybe really
    kindly let make
    users still in idea not more and but may love like want need hi hello hey having nothing except
    thing things any
    """
)
_TAILS = words(
    """
    please thanks thank soon in the future so that because as it would be great i think hint and or to for
    of with a an on at by from my our your if not but we you they too also pls where who when which
    the into this one than will could can should has have does do now again still there be being supported
    added possible available us me them before after during until while
    """
)
_ENDS = re.compile(
    r"(?:[;:()?!…]|\s[–—-]{1,2}\s)|,\s*(?:because|as|since|so|but|which|and (?:if|then|not|we|i|it)"  # noqa: RUF001 - dashes as people type them
    r"|for (?:instance|example)|e\.g|like|they|we|i|it|you|my|our|the|that|this|not|please|pretty"
    r"|thanks|yours)\b|\s(?:would|will|might) (?:be|make|help|save|solve|mean|really|also|give|let)\b"
    r"|\s(?:because|for (?:instance|example)|e\.g\.?|and if|otherwise|instead of|rather than|so that|whenever"
    r"|as (?:the|they|we)|since)\b",
    re.IGNORECASE,
)
"""Where the thing ends and the reason, the example or the afterthought begins."""
_CONTENT_STOP = _FILLERS | words("when with from by on at as or into via than too very all any each every")
_EMPTY = (
    _CONTENT_STOP
    | _TAILS
    | words(
        """
    wishlist wish wishes list roadmap backlog request suggestion product plans plan chance put something
    anything everything nothing small big help helps relief good great nice better best easy easier
    follow follows following other another way ways go goes going come comes work works working them
    these those here what how much many lot lots bit kind sort same new people someone somebody
    do done use used using take takes took say said says know ask asks asked
    yes no ok okay price prices sure well only even ever never always today tomorrow day days week weeks
    time times year years lack lacks lacking missing miss certain improvement improvements functionality
    star stars update updates improve improved feel fix app apps bug bugs problem issue limited perfect
    useless unusable love loving awesome fun cool excellent
    """
    )
)
"""Words that name nothing by themselves."""
_NAMELESS = _EMPTY - words("day days week weeks month months year years list map")
"""Words that name nothing before a kind of thing either ("some features"); "week view" is a name."""
_KIND_NOUNS = words(
    """
    feature features mode integration integrations support option options button filter view list version
    export import widget setting settings function plugin extension template templates
    """
)
"""A name before one of these is a name enough ("gif feature", "week view")."""
_PRONOUN_START = words("it them they this that these those he she him her all mine yours ours")


class Title(NamedTuple):
    """A title and how clearly it says what is wished for; clearer titles have more points.

    `outright` says that it follows the words of wishing themselves, as "please add".
    """

    text: str
    clarity: float
    clause: Clause
    outright: bool = False


class _Word(NamedTuple):
    start: int
    end: int
    normal: tuple[str, ...]


@cache
def _formulas() -> tuple[Phrase, ...]:
    return tuple(compile_phrase(line) for line in phrase_lines(_FORMULAS))


def wish_title(clauses: Sequence[Clause], text: str) -> Title | None:
    """The clearest name of the wish among the clauses of a message; None when none of them names a thing.

    The first clause is the one that wishes; the others stand beside it and only serve when it is clearly
    worse. A title is a piece of `text`, at most TITLE_LIMIT_WORDS words, white space made single.
    """
    best: Title | None = None
    for index, clause in enumerate(clauses):
        for title in _titles(clause, text):
            weighed = title._replace(clarity=title.clarity - (_BESIDE_COSTS if index else 0.0))
            if best is None or weighed.clarity > best.clarity:
                best = weighed
    return best


def _titles(clause: Clause, text: str) -> Iterator[Title]:
    spoken = [
        _Word(match.start(), match.end(), tuple(normalised(match.group()).split()))
        for match in WORD.finditer(text, clause.start, clause.end)
        if match.group()[0] not in "?!"
    ]
    spoken_of = clause_about(clause)
    themed = bool(spoken_of.themes or spoken_of.actions)
    cut = _after_formula(clause)
    for begin, bonus in ((cut, _OUTRIGHT), (0, 0.0)) if cut else ((0, 0.0),):
        title = _cut(spoken, begin, text, themed=themed)
        if title is None:
            continue
        telling = _telling(title)
        wished_outright = bool(begin and telling)
        if (wished_outright or _is_named(title, themed=themed)) and title[0].normal[0] not in _PRONOUN_START:
            clarity = min(len(telling), 4) + bonus + (1.0 if themed else 0.0)
            yield Title(_plain(text, title[0].start, title[-1].end), clarity, clause, begin > 0)


def _telling(words_of_title: Sequence[_Word]) -> list[_Word]:
    return [word for word in words_of_title if not _EMPTY.issuperset(word.normal)]


def _is_named(title: Sequence[_Word], *, themed: bool) -> bool:
    """Whether the words name a thing: two telling words, one of a theme, or one before a kind of thing."""
    telling = len(_telling(title))
    return (
        telling >= _FEWEST_TELLING_WORDS
        or (themed and telling > 0)
        or any(
            not _KIND_NOUNS.isdisjoint(word.normal) and not _NAMELESS.issuperset(before.normal)
            for before, word in pairwise(title)
        )
    )


def _plain(text: str, start: int, end: int) -> str:
    """The piece with white space made single; a quotation mark stays only with its partner."""
    opened = start > 0 and text[start - 1] == '"' and text[start:end].count('"') % 2
    piece = " ".join(text[start - 1 if opened else start : end].split())
    return piece.replace('"', "") if piece.count('"') % 2 else piece


def _after_formula(clause: Clause) -> int:
    """How many words of the clause belong to the last formula and what stands before it."""
    cut, normal = 1, clause.normal
    for formula in _formulas():
        if formula.anchors.isdisjoint(clause.words):
            continue
        for match in formula.pattern.finditer(normal):
            if len(normal) - match.end() > len(" ab cd") and match.end() > cut:
                cut = match.end()
    return len(normal[:cut].split())


def _cut(spoken: list[_Word], begin: int, text: str, *, themed: bool) -> list[_Word] | None:
    """The words from `begin` (counted in normal words) to the end of the thing, without fillers around it."""
    counted, start = 0, 0
    while start < len(spoken) and counted < begin:
        counted += len(spoken[start].normal)
        start += 1
    while start < len(spoken) and _FILLERS.issuperset(spoken[start].normal):
        start += 1
    if start >= len(spoken):
        return None
    limit = spoken[-1].end
    for stop in _ENDS.finditer(text, spoken[start].start, limit):
        before = [word for word in spoken[start:] if word.end <= stop.start()]
        if _is_named(before, themed=themed):
            limit = stop.start()
            break
    kept = [word for word in spoken[start:] if word.end <= limit]
    if len(kept) > TITLE_LIMIT_WORDS:
        kept = _shortened(kept, text)
    while kept and _TAILS.issuperset(kept[-1].normal) and text[kept[-1].start - 1] != "-":
        kept.pop()
    return kept or None


def _shortened(kept: list[_Word], text: str) -> list[_Word]:
    """As many words as a title may have, up to the last comma among them when there is one."""
    short = kept[:TITLE_LIMIT_WORDS]
    commas = [at for at, word in enumerate(short) if at + 1 >= _WORDS_BEFORE_COMMA and text[word.end] == ","]
    return short[: commas[-1] + 1] if commas else short


def content_words(title: str) -> frozenset[str]:
    """The words of a title that carry its meaning; plural and singular are one."""
    kept = (word for word in title.lower().split() if word not in _CONTENT_STOP)
    return frozenset(word.removesuffix("s") if len(word) > 3 else word for word in kept)  # noqa: PLR2004 - "sms" and "sso" keep their s


def share_enough(left: frozenset[str], right: frozenset[str]) -> bool:
    """Whether titles with these content words, of which each has some, are about the same thing."""
    return len(left & right) >= _SAME_WISH_SHARE * min(len(left), len(right))
