"""When a customer takes back what they said a little earlier."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.detector.domain.finding import Kind
from services.detector.domain.moot import declined, denied, earlier_of_author, found_there, kept
from services.detector.domain.rules import Cue, RuleBook
from services.detector.domain.text.phrases import phrase_lines

if TYPE_CHECKING:
    from services.detector.domain.conversation import Conversation, Message

_TAKEN_BACK = Cue(
    "taken_back",
    1.0,
    phrase_lines(
        """
        never mind
        nevermind
        scratch that
        ignore|disregard that|this|it|me
        ignore|disregard my|the ..2 message|messages|question|request|email|above|idea|wish|note
        forget it|that|about|what|i_asked|we_asked|i_said
        forget i|we asked|said|wrote|mentioned
        pretend|act ..3 never asked|said|wrote
        forget my|the ..2 message|question|request|idea|email
        sent by mistake
        wrong chat|window|account|vendor
        not needed anymore|any_more|after_all
        changed my|our mind
        strike that
        dropped|shelved|buried|scrapped|abandoned ..1 that|the|this idea|ideas|plan|plans|thought
        false alarm
        please withdraw
        as not_written|unwritten|void|withdrawn|never_sent
        drop|skip|scrap that|this|the one|idea|wish|request|thing|question
        drop|skip|scrap that|it $
        drop|skip|scrap that|it ..2 bad|silly|daft|stupid idea
        do not build|bother|bother_with it|that
        no need|reason any_more|anymore
        """
    ),
)
_FOUND_IT = Cue(
    "found_it",
    1.0,
    phrase_lines(
        """
        found it|that|the
        exactly that
        you|we|i|it have|has|had|does ..3 already
        already have|has|had|there|in
        did not see|know|notice|realize|spot ..4 there|exists|existed|possible|button|already|it
        did not see|notice|spot|realize it|that
        never noticed|swiped|looked|saw|found|spotted|tried|clicked|scrolled|opened
        was there all along|the_time
        been|was looking ..2 in the wrong
        so it|that|there is
        that is it $|thanks|thank|great|perfect|exactly|brilliant|lovely
        missed that|it|the
        figured it|that out
        already exists|possible|there|available|supported
        exists already
        it exists
        that|this|it does|is exactly|just what
        ^ it does $|thanks|thank|indeed|great|perfect|brilliant|lovely|sorry
        that is what i|we need|needed|want|wanted|meant|was_looking|were_looking
        solves|solved|covers it|that|this|my|our
        no need
        do not need it|that|this anymore|any_more|after_all
        """
    ),
)
_STAYING = Cue(
    "staying",
    1.0,
    phrase_lines(
        """
        decided|going|like|happy|want to stay|keep|renew|continue
        we|i will stay|keep|continue|renew
        please keep ..3 account|subscription|plan|workspace|service|open|active
        do not cancel|close|terminate|delete
        we|i are|am staying
        we|i stay|remain $
        we|i stay|remain with|same|as|after_all
        stay|stays|staying|remain|remains with you|the_same
        keep|keeps|keeping|stay|stays|staying ..4 after_all
        stop|undo|withdraw|revoke|reverse|retract the|our|my cancellation|termination|notice
        you|that convinced us|me
        not going to cancel|leave|switch
        not canceling|leaving
        dropped|shelved|buried|scrapped|abandoned ..1 that|the|this idea|ideas|plan|plans|thought
        """
    ),
)

_NOT_STAYING = Cue(
    "not_staying",
    -1.0,
    phrase_lines(
        """
        not|never ..1 stay|staying|remain|keep|keeping
        not want|going|able|wish|planning|willing|like|plan|intend|need to|on stay|staying|remain|keep|keeping
        no longer ..3 stay|remain|keep
        no ..1 reason|point|sense ..3 stay|staying|remain|keep|keeping
        if|unless|why ..6 stay|staying|remain|keep|keeping
        only stay|remain|keep
        stay|remain with_you ..1 if|unless|once|when
        stay|remain with our|my|the decision|notice|cancellation
        """
    ),
)
"""The same words, negated or with a condition."""

_MADE_MOOT = {
    Kind.FEATURE_REQUEST: (found_there,),
    Kind.UPSELL: (declined,),
    Kind.EXPANSION: (declined,),
    Kind.CHURN_RISK: (denied, kept),
}


class Withdrawals:
    """Finds, for each kind, the messages that a later message took back."""

    def __init__(self) -> None:
        self._any = RuleBook((_TAKEN_BACK,))
        self._by_kind = {
            Kind.FEATURE_REQUEST: RuleBook((_FOUND_IT,)),
            Kind.UPSELL: RuleBook((_FOUND_IT,)),
            Kind.CHURN_RISK: RuleBook((_STAYING, _NOT_STAYING)),
        }

    def withdraws(self, message: Message, kind: Kind) -> bool:
        """Whether a message takes back what its author said before, as far as `kind` is concerned."""
        return self._reverses(message, kind) or self._takes_back(message)

    def _takes_back(self, message: Message) -> bool:
        return any(self._any.hits(clause) for clause in message.clauses)

    def _reverses(self, message: Message, kind: Kind) -> bool:
        """Whether it does so in words of the kind itself ("we are staying"), not just "never mind"."""
        special = self._by_kind.get(kind)
        if special is None:
            return False
        hits = map(special.hits, message.clauses)
        return any(cues and _NOT_STAYING.name not in cues for cues in hits)

    def moot(self, conversation: Conversation, kind: Kind) -> frozenset[int]:
        """Positions in `readable_messages` that no longer hold: withdrawn, or made moot by the exchange."""
        settled = (exchange(conversation) for exchange in _MADE_MOOT.get(kind, ()))
        return self.withdrawn(conversation, kind).union(*settled)

    def withdrawn(self, conversation: Conversation, kind: Kind) -> frozenset[int]:
        """Positions in `readable_messages` that a later message of the same author takes back.

        A customer who stays after giving notice mentions the notice ("please cancel the cancellation"). That
        message is taken back with the others, and also alone if it says so itself ("disregard it, we are
        staying"). This does not go for wishes, since the next wish often stands beside the one taken back.
        """
        messages = conversation.readable_messages
        taken: set[int] = set()
        for position, message in enumerate(messages):
            if not self.withdraws(message, kind):
                continue
            if kind is Kind.CHURN_RISK and self._takes_back(message) and self._reverses(message, kind):
                taken.add(position)
            own = earlier_of_author(messages, position)
            taken.update(own)
            if own and kind is Kind.CHURN_RISK and self._reverses(message, kind):
                taken.add(position)
        return frozenset(taken)
