"""Where a writer turns to another matter: "while you're at it", "then the second question", "2."."""

from __future__ import annotations

import re

_ADDITION = re.compile(
    r"""
      ^ \s* (?: [-*\u2022] | \(? \d{1,2} [.)] )
    | \b (?:
        also | besides | additionally | furthermore | moreover | plus | separately | unrelated | lastly
      | finally
      | second | secondly | third | thirdly | number \s (?:one | two | three | \d)
      | (?:two | three | four | several | a \s few | some | next) \s (?:small \s | little \s | quick \s)?
        (?:things? | wish (?:es)? | requests? | ideas? | points? | matters? | questions? | suggestions?)
      | in \s addition | on \s top \s of \s that
      | (?:an)? other \s (?:one | thing | wish | request | idea | point | matter | topic | question)
      | one \s more | (?:some | any) thing \s else | by \s the \s way | btw | p\.?\s?s
      | while \s (?:you | we | i) ['\u2019]? \s? (?:re | are | m | am) \s (?:at | on) \s it
      | (?:if | whenever) \s you \s ever | (?:put | write | add) \s (?:this | that | it | these | down)
      ) \b
    """,
    re.IGNORECASE | re.VERBOSE,
)


def goes_on(text: str) -> bool:
    """Whether the words themselves say that a further matter begins, or that there are several."""
    return _ADDITION.search(text) is not None
