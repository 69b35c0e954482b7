"""Where a sentence gets to its point: greetings and "one more thing, if I may:" say nothing by themselves.

A text model takes "another one" and "one more" for more of the product, and scores the same plain question
differently behind each greeting, so it is given the point alone. Quotes keep the whole sentence.
"""

from __future__ import annotations

import re

_LEAST_WORDS = 2
"""What is left must still say something; "Hi there" is left as it is."""
_OPENERS_LIMIT = 4
"""Greeting, courtesy and opener may follow each other; more of them are the matter itself."""
_PREFIX = re.compile(
    r"""
    \s*
    (?:
        (?: hi | hello | hey | hiya | heya | howdy | good\s(?:morning|afternoon|evening|day)
          | morning | greetings )
        (?: \s(?:there|all|team|support|everyone|everybody|again|folks|guys|both) ){0,2}
        (?: \s[^\W\d_]{2,15} )?
      | dear (?: \s[^\W\d_]+\.? ){1,3}
      | (?: (?:oh|ah|ok|okay|and|so|also|well) ,? \s ){0,2}
        (?:
            (?: just\s )? (?: one | another | a | two | three | some )
            (?: \s(?:more|other|quick|small|last|further|final|separate|little|short) ){0,2}
            \s (?: thing | things | question | questions | point | topic | matter )
          | (?: an? \s )? (?: quick | last | next | small | short ) \s (?: one | thing | question )
          | (?: another \s one | one \s more ) (?= ,?\sif\s | ,?\sbefore\s | \s?: )
          | something \s else | (?:a\s)? different \s (?:topic|matter|question)
          | on \s another \s (?:note|matter|topic) | unrelated | separately | quickly | by \s the \s way | btw
          | while \s (?:you | we | i)
            (?:['\u2019](?:re|m) | \s are | \s am | \s have \s you | ['\u2019]ve \s got \s you)
            (?: \s (?:here | at \s it | on \s it) )?
          | before \s i \s forget | p\.?\s?s\.?
        )
        (?: ,? \s (?:if \s i \s may | please | before \s i \s forget | from \s me | though) )?
    )
    \s* (?: [,:!.;\u2013\u2014-]+ \s+ | $ )
    """,
    re.IGNORECASE | re.VERBOSE,
)


def without_opener(text: str) -> str:
    """The text from where it gets to its point; the text itself when nothing would be left."""
    start = 0
    for _ in range(_OPENERS_LIMIT):
        match = _PREFIX.match(text, start)
        if match is None:
            break
        start = match.end()
    rest = text[start:]
    return rest if len(rest.split()) >= _LEAST_WORDS else text
