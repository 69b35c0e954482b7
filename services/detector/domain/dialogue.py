"""Which agent's reply belongs to which customer's message, and when a yes accepts an offer.

An agent's reply is never evidence of what a customer wants. It does show which of two meanings the customer's
words had: "recorded as a wish" is not said to somebody who asked where a button is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.detector.domain.conversation import AuthorType
from services.detector.domain.rules import Cue, RuleBook
from services.detector.domain.text.phrases import phrase_lines

if TYPE_CHECKING:
    from services.detector.domain.conversation import Conversation, Message
    from services.detector.domain.text.sentences import Clause

_TURN_LIMIT_MESSAGES = 3
"""An agent's turn is seldom longer; what comes later is about something else."""
_FOLLOWING_LIMIT_MESSAGES = 4
"""Customers who add something before a reply do so within a few messages."""
_ASSENT_CLAUSES = 3
"""A yes stands at the beginning of the reply to an offer."""

_AFFIRMED = Cue(
    "affirmed",
    1.0,
    phrase_lines(
        """
        ^ yes|yeah|yep|yup|sure|absolutely|definitely|correct|exactly|confirmed
        ^ ok|okay|so|hm|hmm|right|fine|well|oh ..1 yes|yeah|yep|sure
        """
    ),
)
"""Agrees to whatever the agent said last: an offer, or a question beside it."""
_BARE = Cue("bare", 1.0, phrase_lines("^ yes|yeah|yep|yup|sure|correct|exactly|confirmed $"))
_TROUBLE = Cue(
    "trouble",
    -1.0,
    phrase_lines(
        """
        still|keeps|keep|kept ..3 crash|crashes|crashing|crashed|freezes|freezing|fails|failing|broken|
            hangs|hanging|happens|happening|stuck|wrong|missing|slow|down
        it|that|this|they|app|page|screen|export|import|report|login ..2 crashes|crashed|crashing|freezes|
            froze|freezing|fails|failed|failing|hangs|happens|happened
        still not
        still $
        not ..1 working|loading|opening|responding|syncing
        same|the_same|an error|problem|issue|bug|crash
        get|gets|getting|got|see|seeing|shows|says ..2 error|errors|problem|issue|bug
        error|problem|issue|bug ..1 remains|persists|again|still
        """
    ),
)
"""Reports trouble: the yes answered the agent's question about it, and not the offer beside it."""
_YES = Cue(
    "yes",
    1.0,
    phrase_lines(
        """
        ^ agreed|approved
        ^ yes|yeah|yep|yup|sure|absolutely|definitely please
        ^ ok|okay|great|perfect|brilliant|lovely|fine|good|sounds|deal ..2 do|go|let_us|please|book|add|
            proceed|switch_it|set_it|sign_us|put
        ^ please do|go_ahead|proceed
        go ahead|on|for_it
        go ahead and
        do it|that|so please|then|$
        let us do|go|try
        please proceed
        happy to go|proceed|accept
        we|i accept|agree
        sign us|me up
        put it|that|us|me on|down|through|in
        add it|that|them
        switch|turn it|that|us on|over|up
        count us|me in
        sounds good|great|fair|perfect ..3 go|do|please|let
        ^ please and|do|from|for
        ^ ok|okay|so|hm|hmm|right|fine|well|oh ..1 go|take
        ^ ok|okay|hm|hmm|right|fine|well|oh do $
        ^ ok|okay|so|hm|hmm|right|fine|well|oh ..1 do it|that|this|so|both|please|the
        put it|that|this|them ..1 on|down
        flip|tick it|that
        go on then
        i|we will take it|that|this|the|one|two|#|both
        i|we will have it|that|this|one|two|#|both|that_one|this_one $
        i|we will have it|that|this|one|two|#|both|that_one|this_one please|then|thanks|thank_you
        i|we will have the ..2 one|plan|package|pack|bundle|upgrade|add_on|addon
        ^ ..1 take it|that|the|one|two|both
        let us have it|that|this|the|one
        bought it|one|two|three|#
        i|we am|are in $
        ^ ..4 then $
        yes to
        """
    ),
)
_NO = Cue(
    "no",
    -3.0,
    phrase_lines(
        """
        ^ no|nope|nah
        no thanks|thank
        not ..2 now|yet|today|interested|necessary|needed|this_time
        do|does|did not
        rather not
        leave it|that|the
        another time
        until|till|by|since|back|you|talk|speak|meet then $
        what|why|how|where|who|when|which ..4 then $
        not|nothing|without|too|forget|never_mind|pity|shame|wait|elsewhere ..3 then $
        bye|goodbye|thanks|thank ..3 then $
        leave|leaving|see|understood|got|got_it|clear|luck|night|only|wrong then $
        take care
        ^ is|are|was|will|would|can|does it|that|this|we|you|i|they|there|the ..3 then $
        ^ so it|that|this|they|you|we is|are ..2 then $
        i|we take it that|this|it|the|you|we|they|there|is|not
        not ..1 sure|certain|convinced
        bought ..3 ago|last|already
        maybe|perhaps later|next
        """
    ),
)
_ASSENT = RuleBook((_YES, _AFFIRMED, _BARE, _TROUBLE, _NO))


class Turns:
    """Who replied to whom in one conversation; built once, and asked for the few messages that matter."""

    def __init__(self, conversation: Conversation) -> None:
        self._messages = conversation.messages
        self._position: dict[int, int] | None = None

    def replies(self, message: Message) -> tuple[Message, ...]:
        """The agents' messages after a customer's, up to the next thing a customer says."""
        return self._from(message, 1)

    def offers(self, message: Message) -> tuple[Message, ...]:
        """The agents' messages before a customer's, back to the last thing a customer said."""
        return self._from(message, -1)

    def following(self, message: Message) -> tuple[Message, ...]:
        """What people said after a customer's message: that customer's next words, and the reply to them."""
        messages: list[Message] = []
        for other in self._messages[self._at(message) + 1 :]:
            answered = bool(messages) and messages[-1].author_type is AuthorType.AGENT
            if len(messages) == _FOLLOWING_LIMIT_MESSAGES or (answered and other.from_customer):
                break
            if other.author_type is not AuthorType.BOT and not other.internal:
                messages.append(other)
        return tuple(messages)

    def _at(self, message: Message) -> int:
        if self._position is None:
            self._position = {id(message): at for at, message in enumerate(self._messages)}
        return self._position[id(message)]

    def _from(self, message: Message, step: int) -> tuple[Message, ...]:
        messages: list[Message] = []
        at = self._at(message) + step
        while 0 <= at < len(self._messages) and len(messages) < _TURN_LIMIT_MESSAGES:
            other = self._messages[at]
            if other.from_customer:
                break
            if other.author_type is AuthorType.AGENT and not other.internal:
                messages.append(other)
            at += step
        return tuple(messages)


def assent(message: Message) -> Clause | None:
    """The clause that agrees to what was offered; None if the message refuses, or does neither.

    A bare yes followed by a report of trouble answers a question that was asked beside the offer.
    """
    clauses = message.clauses[:_ASSENT_CLAUSES]
    hits = [_ASSENT.hits(clause) for clause in clauses]
    if any(_NO.name in cues for cues in hits):
        return None
    for clause, cues, after in zip(clauses, hits, [*hits[1:], {}], strict=False):
        troubled = _TROUBLE.name in cues or (_BARE.name in cues and _TROUBLE.name in after)
        if _YES.name in cues or (_AFFIRMED.name in cues and not troubled):
            return clause
    return None
