"""A question to the language model: which findings of one message it is asked about, and the outcome.

A question holds offsets and digests, never words. Its id is made of the text's digest and of what is claimed
by which version of which detector, so that the same thing is never asked twice.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from services.detector.domain.identity import stable_id

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from services.detector.domain.finding import Finding

Outcome = Literal[
    "answered",
    "late",
    "injection",
    "over_budget",
    "timed_out",
    "unreachable",
    "rate_limited",
    "server_error",
    "refused",
    "too_long",
    "bad_answer",
    "invented_quote",
]
"""How a question ended. After everything but "answered" the local result stands."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a detector says of one passage of the message; `explicit` and `polarity` as in a finding."""

    detector: str
    version: str
    kind: str
    start: int
    end: int
    explicit: bool | None = None
    polarity: str | None = None

    @classmethod
    def of(cls, finding: Finding) -> Claim:
        """Return what a finding claims of its surest evidence, which comes first."""
        lead = finding.evidence[0]
        return cls(
            detector=finding.detector,
            version=finding.version,
            kind=finding.kind.value,
            start=lead.start,
            end=lead.end,
            explicit=finding.explicit,
            polarity=finding.polarity.value if finding.polarity else None,
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """The model's verdict on the claim at the same position; if it confirms, with the words it quotes."""

    confirmed: bool
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """One message's claims. `outcome` is None until the question was dealt with.

    `known_before` is taken from the call that asked, so that reading again after the answer alerts nobody to
    more. `settled` says that the conversation was read again with the outcome.
    """

    question_id: str
    organization_id: str
    connection_id: str
    conversation_key: str
    part_id: str
    text_digest: str
    claims: tuple[Claim, ...]
    asked_at: datetime
    known_before: datetime | None = None
    outcome: Outcome | None = None
    verdicts: tuple[Verdict, ...] = ()
    settled: bool = False


def text_digest(organization_id: str, text: str) -> str:
    """Return a digest that tells whether a message was changed; useless outside its organization."""
    return hashlib.sha256(f"{organization_id}\n{text}".encode(errors="surrogatepass")).hexdigest()


def question_id(conversation_key: str, part_id: str, digest: str, claims: Sequence[Claim]) -> str:
    """Return the id of the question about these claims of this text."""
    parts = (
        f"{claim.detector} {claim.version} {claim.kind} {claim.explicit} {claim.polarity} "
        f"{claim.start}-{claim.end}"
        for claim in claims
    )
    return stable_id("q", conversation_key, part_id, digest, *parts)
