"""What customers wish the product could do: one finding per distinct wish.

A wish asks for something that is not there. Asking how to do something, asking a person for a favour,
reporting a fault and praising what was added are not wishes. A wish that its author takes back within
the next messages is none.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from services.detector.domain.answers import answers
from services.detector.domain.cues.asking_for import ASKING_FOR
from services.detector.domain.cues.wishing import WISHING, WISHING_GROUPS
from services.detector.domain.detector import Parameters
from services.detector.domain.finding import Evidence, Finding, Kind
from services.detector.domain.lexical import (
    EVIDENCE_LIMIT,
    Candidate,
    LexicalDetector,
    Voice,
)
from services.detector.domain.rules import Calibration, Cue, RuleBook
from services.detector.domain.text.additions import goes_on
from services.detector.domain.text.phrases import phrase_lines
from services.detector.domain.text.wishes import (
    TITLE_LIMIT_WORDS,
    Title,
    same_wish,
    wish_title,
)
from services.detector.domain.vocabulary import GROUPS

if TYPE_CHECKING:
    from services.detector.domain.conversation import Context, Conversation, Message
    from services.detector.domain.text.sentences import Clause

NAME = "feature_request"
VERSION = "9"
_BESIDE_CLAUSES = 1
"""A wish and the thing it is for stand next to each other when not in one sentence."""
WISH_LIMIT = 5
"""More wishes in one conversation are a list for a product manager, not signals."""

_TITLE_CHARACTERS = 120

_GROUPS = {
    **GROUPS,
    **WISHING_GROUPS,
    "nice": """great nice awesome cool helpful amazing useful good perfect lovely wonderful fantastic
        handy neat brilliant better
        excellent super convenient sweet welcome best terrific ideal""",
    "make": """add implement support allow include introduce build enable provide bring integrate extend
        offer create develop
        incorporate expose""",
    "making": """adding implementing supporting allowing including introducing building enabling
        providing making having offering""",
    "way": """way option options ability possibility feature features setting settings button function
        functionality toggle shortcut mode""",
    "part": """mode theme feature features option options integration integrations support version button
        filter filters view widget
        widgets export import api webhook webhooks shortcut shortcuts field fields notifications search
        language
        languages tab tabs column columns menu settings setting toggle extension plugin permission
        permissions role roles
        format formats page bar icon calendar map sync login backup sort sorting layout tags templates
        template dashboard
        reactions passkeys sso macros app function font fonts size color colors undo folders folder
        playlist levels characters
        maps cards items characters weapons graphics""",
}

_CUES = (
    Cue(
        "would_be_nice",
        3.2,
        phrase_lines(
            """
            would ..3 <nice> ..2 if|to_have|to_be_able|to_see|to_get|when|to
            would be ..1 <nice> $
            <nice> if you|it|there|we|i|they|the|u ..2 could|would|was|were|had|can|added|add
            would make ..4 <nice>|easier|faster|better
            it|app|list|page|editor|you could use a|an|some|more
            support for ..6 would ..2 be <nice>
            <way> ..6 would ..2 be <nice>|appreciated
            would ..2 <nice> addition|feature|improvement|to_have
            would|will ..2 save us|me ..3 if
            would|will help ..3 if|to_have
            would benefit from
            would be ..1 appreciated ..2 if you could|can add
            be ..2 <nice> if ..4 add|added|could|had|was|were
            appreciate|appreciated if ..3 add|added|make|made|include|implement|could_add
            even better if|with
            """
        ),
        family="nice",
    ),
    Cue(
        "wish",
        3.0,
        phrase_lines(
            """
            wish ..1 i|we|you|it|there|they|the ..5 could|had|was|were|would|have|has|can|did
            wish for a|an|more|the
            wish list|wishlist
            if only i|we|you|there|it
            would ..1 love to have|see|get
            would|should ..1 love|like to see|have ..1 a|an|the|more|some|this|that|it|your
            would ..1 love|like a|an|more|some ..3 <part>
            would ..1 love|like to be able
            would love|like if
            would ..1 love|like it|this|that if|to ..1 support|have|include
            want|like|love to be able to
            really like is a|an|the
            not a bug ..3 wish
            looking forward to the day
            hoping|hope ..3 you|to|that ..2 will? add|support|see|implement|include|fix_and_add|bring
            """
        ),
        family="wish",
    ),
    Cue(
        "named_request",
        3.4,
        phrase_lines(
            """
            feature|enhancement|improvement request|suggestion|idea|proposal
            my|one|another|small|some|quick suggestion|idea is|for|to|would
            small|quick|another feature? request
            ^ suggestion|suggestions|request|idea|proposal
            would|like|want|to ..1 suggest|propose|recommend ..1 adding|to|that|a|an|the|you
            my request let|is
            missing feature|features|functionality
            type feature request
            idea for you
            feature i|we ..3 miss|missing|need|want|love|like
            on the|your ..1 roadmap|backlog|wishlist
            put ..2 on the list
            hint hint
            # for multi
            describe the solution|feature
            solution you would like
            """
        ),
        family="named",
    ),
    Cue(
        "please_add",
        2.8,
        phrase_lines(
            """
            please|pls|kindly ..1 <make> ..8 <part>
            please|kindly ..1 add|implement|introduce|support|include|bring|build|allow|enable|consider
            could|can|would|will you|we|u|they|it|developers ..3 <make> ..7 <part>
            could|can|would|will you|u|guys|they ..2 add|implement|introduce|make_it_possible|consider|
                allow|support
            could|can the|this ..2 include|support|have|show|allow
            could|can there be ..2 a|an|some|easier
            can we get|have a|an|some|the|two ..5 <part>
            you ..1 mind <making>
            please|kindly let us|me|users|people|the ..1 <part>?
            please|kindly make ..5 resizable|optional|configurable|possible|customizable|available|bigger|
                smaller|bigger|easier|it|an
            could|can you make ..5 resizable|optional|configurable|possible|customizable|available|bigger|
                smaller|collapsible|editable|sortable
            add|adding more|a|an|the|some ..4 <part>
            ^ add|allow|enable|implement|expose|introduce|provide|support a|an|the|new|more|for|option|
                support|ability|specifying|configuring|multiple|custom|better
            more ..2 <part>|levels|options|languages please
            need|needs more ..1 <part>|languages|levels|options|content|updates|update
            hope ..1 you can make|add
            <make> ..2 <way> to|for|of
            consider <making>|a|an|the
            think|thought about|of <making>|a|an
            """
        ),
        family="add",
    ),
    Cue(
        "there_should_be",
        2.8,
        phrase_lines(
            """
            there|it|app|you|they should|could|must|needs_to ..1 be|have|offer ..2 a|an|some|more ..1 <way>
            should ..2 have ..2 a|an|the|more|some ..3 <part>
            should be ..2 able to
            should be ..2 <way>|possible|configurable|optional|customizable
            you|they|developers should ..2 let|add|allow|make_it|include|support|implement|offer|consider
            needs|need|lacks|lack|require|requires|missing ..2 a|an|the|more|some ..2 <way>|<part>
            needs|need|lacks|lacking|lack ..2 dark|offline|better|more|an? ..1 <part>
            need|needs|want|wants a|an|the|some ..2 <way> to|for|of
            need|needs the ability to
            should add|include|support|allow
            should give|let us|me|users|people
            an option|ability|possibility to|for|of ..5 needed|missing|great|nice|helpful|required|useful
            a|an ..3 <way> ..6 would|could ..3 help|solve|<nice>|welcome|save|make
            being able to ..8 would|could
            should|could start|show|remember|display|support|allow ..3 on|the|for|last|when|more|my
            <make> support for
            would|could solve our|my|the|a problem|issue
            ideally ..4 would|could|should
            would ..3 make sense to
            would be ..3 welcome
            showing|having ..5 would help|be|make|save
            """
        ),
        family="should",
    ),
    Cue(
        "plans_for",
        2.8,
        phrase_lines(
            """
            any|are_there|is_there|have|there ..2 plans|plan|chance|intention|intentions|possibility|
                timeline|eta ..2 to|of|for|on ..4 <make>|<making>|<part>|get|getting|bring
            any|have ..2 plans|plan|intention to|for|of
            do|are you plan|planning|intend|thinking|intending to|on|of ..2 <make>|<making>|bring|release|a
            will you ..1 <make>
            will you ever
            will there ..1 be a|an|any ..3 <part>
            is it ..1 planned|possible to ..1 <make>
            is it|this on ..2 roadmap
            when will ..8 get|have|support|be_able|come|available
            when ..1 are you ..1 adding|going_to_add
            have you thought|considered ..1 about|of|adding|making|a
            how about letting|adding|making|having
            what about adding|a|an ..2 <part>
            would not it make sense
            any chance
            """
        ),
        family="plans",
    ),
    Cue(
        "not_there",
        2.6,
        phrase_lines(
            """
            why is|are there ..1 no|still_no
            still no ..3 <part>
            there is|are ..1 no|not ..2 <way>|<part>
            no <way> to
            only thing ..3 missing|miss|lacking|lacks|want|need|wish
            one|only|main thing ..2 missing|miss|lacking|lacks
            what is missing is|for
            thing i miss is
            i|we miss ..2 the|a|an|being ..2 <way>|<part>|able
            does|do not ..1 have ..2 a|an|the|any ..2 <way>|<part>
            does|do not ..1 support|allow|offer ..4 yet
            can not ..6 please ..2 <make>
            pity|shame|sad|too_bad that|there|it|one|you ..4 not|no|can_not
            can not go live ..3 without
            lack|lacks|lacking a|an|the ..3 <part>|comparison|<way>
            would|could ..6 <way> that|which|where
            every competitor|other_app|other_tool ..4 lets|has|have
            others|other_apps|competitors have|has|let ..2 built|this|it|that
            could not find ..3 built
            pay|paid ..1 extra|more for a|an ..4 <part>|dialer|built
            five|5|4|four stars ..1 if|when|until ..8 add|added|had|could|more|include|option|support
            would give ..4 stars|star if|when|with ..6 add|added|had|could|more|option|support
            miss|misses|missing some|many|few|two|three|basic|critical ..2 features
            still waiting for|on ..3 <part>|localization|support
            only thing better would
            how about letting|adding|giving|making|having
            can|could it be built|added|implemented|supported
            my team|users|customers|colleagues keeps|keep asking for
            sorely|badly|desperately|really needed|need|needs a|an|dark|offline|better|to
            badly|sorely needed
            at the moment|currently|right_now ..8 would|could
            more|additional than|languages|options|customization|levels|themes|features please
            """
        ),
        family="missing",
    ),
    Cue(
        "idea_words",
        0.7,
        phrase_lines(
            """
            instead of
            in the|a future|next update|version|release
            next|future update|version|release
            copy|do|print ..2 by hand
            manually
            save ..2 hours|time
            roadmap
            suggestion|wish|feature_request|enhancement
            """
        ),
        whole_message=True,
    ),
    Cue(
        "asks",
        1.0,
        phrase_lines(
            """
            could|can|would|should|may
            please|kindly
            like|love|wish|want|hope|hoping
            instead of
            why is|are|can|do|does
            missing|lack|lacks|impossible
            suggestion|idea|wishlist|possible|option|automatically
            """
        ),
        hint=True,
        family="hint",
    ),
    Cue(
        "needs",
        1.8,
        phrase_lines(
            """
            we|they|i|team|users|it|app need|needs|require|requires
            could|can the|a|an|this|our|it|each|every
            if|whether the|it|we|they|there could|can|would
            let us|people|me|users|customers|agents
            make it
            no|any way|option|place|field|button
            there should|must|ought|could
            when will|can|could
            would be|save|help|make
            pay ..3 for
            """
        ),
        hint=True,
        family="hint",
    ),
    *WISHING,
    *ASKING_FOR,
    Cue(
        "favour",
        -3.5,
        phrase_lines(
            """
            call|contact|phone|email|ring me|us back?
            speak|talk|hear|chat ..1 to|with|from|back
            get back to
            someone could|can|would get|call|help|look|explain
            send|resend|forward|refund|invoice|reply|answer ..4 report|invoice|refund|me|again|soon|today|copy
            add it|this|that ..1 from|to|next|today|now|please
            add me|him|her|my|our|kim|us ..1 to|in|colleague|coworker|manager
            add|adding #|user|users|agent|seat|seats|colleague|po|person|member
            add ..3 colleague|user|seats|seat|po|balance|account|waiting_list
            a|the new? user|member|agent to
            to the account|waiting|beta|thread|team|list|invoice
            need|want|like ..1 a? refund|help|answer|discount|call|assistance
            need help|assistance|an_answer|support
            like|love|want to know|hear|speak|join|cancel|buy|purchase|upgrade|thank|see_you|meet|return|
                order|check|open|report|ask|talk|get_a_refund|make|place|change|pay
            let me|us know
            consider my
            discount
            happy new year
            human
            a ..1 happy
            help you|if_you_answered|from_you
            able to log|login|access|see_it|sign
            enable the beta
            enable ..2 for us|me|our
            two|# days for
            by|before|until|for|on tomorrow|tonight|today
            tomorrow|tonight|today $|please|at|instead
            to|from purchase|order|cart|basket
            delivered
            physical|spare|new card|cards
            insurance|claim|claims
            transfer|fee|charge|charges|refund|travel
            payment of|for|from|failed|not|was|is|has|did|made|reference|due|received|went
            you assist
            new service|connection
            wish you
            good luck
            """
        ),
    ),
    Cue(
        "how_to",
        -2.2,
        phrase_lines(
            """
            how do|can|to|would|should ..1 i|we|you|add|export
            ^ how
            where do|is|can|are|did
            is there a|any way to
            do you support|have|offer
            what features|does|is|are
            which plan
            not find the|a
            can not find
            is the api able
            """
        ),
    ),
    Cue(
        "fault_report",
        -2.8,
        phrase_lines(
            """
            crash|crashes|crashed|crashing|freezes|broken|stopped_working|flickers|bug_report
            does|do|did|is|are not work|working|load|loading|open|respond
            nothing came|happens
            should|must have received|arrived|been|gone|seen|told|happened|got|had
            by now
            should work|be_fixed|be_blue
            error|exception|stack_trace|traceback
            after ..3 update ..4 not|crash*|error
            used to work
            disappeared|vanished
            wish i|we was|were|had_seen|had_known|had_been|had_not|would_have|could_have|did_not|have|could_be
            wish i|we had ..1 seen|known|been|bought|gone|never|read|found
            should have ..1 been|expected|known|concurred|seen|gone
            not need $|that|this|it
            used to be
            steps to reproduce
            if|when|once|until|when_it ..4 fix|fixed
            open a github issue
            should be reported at
            rules of conduct
            report a bug
            i|we miss the old
            shopped around
            expected behavior
            in the docs
            is wrong
            """
        ),
    ),
    Cue(
        "already_there",
        -3.5,
        phrase_lines(
            """
            thanks|thank_you for adding|the_new|implementing|this|your
            new ..3 feature ..2 is
            exactly what i|we needed
            exists|possible already
            great|nice|love|like|awesome|amazing update|feature|addition|the_new|the_option|that_you_can|
                how_you_can
            never mind
            no action needed
            our|my customers ask|asked us
            of our own
            for tag_changes_that
            your integration
            feature flag
            plan b
            fix for ticket
            fix on
            shop
            """
        ),
    ),
)


@dataclass(frozen=True)
class FeatureRequestDetector(LexicalDetector):
    """A lexical detector that groups its clauses into wishes instead of making one finding."""

    def detect(self, conversation: Conversation, context: Context) -> tuple[Finding, ...]:
        likely = self.likely(conversation, context)
        if not any(map(self.is_sure, likely)):
            return ()
        moot = self.withdrawals.moot(conversation, self.kind)
        gone = {id(conversation.readable_messages[at]) for at in moot}
        wishes = _Wishes(conversation)
        # What is only likely adds to a wish that is sure, and begins none.
        for one in sorted(likely, key=lambda candidate: (not self.is_sure(candidate), -candidate.confidence)):
            if id(one.message) in gone:
                continue
            title = _title(one)
            known = wishes.of(one, title.text if title else "")
            if known is None and not (title and self.is_sure(one) and _begins(one, title)):
                known = wishes.told_beside(one)
            if title is None and self.learned is not None:
                title = _clause_as_title(one)
            if known is not None:
                wishes.add(known, one)
            elif title is not None and self.is_sure(one):
                wishes.begin(title, one)
        return tuple(self._finding(title, evidence) for title, evidence in wishes.first(WISH_LIMIT))

    def _finding(self, title: str, evidence: list[Candidate]) -> Finding:
        places: dict[tuple[Message, Clause], float] = {}
        for one in evidence:
            place = (one.message, one.clause)
            places[place] = max(one.confidence, places.get(place, 0.0))
        return Finding(
            kind=self.kind,
            confidence=evidence[0].confidence,
            detector=self.name,
            version=self.version,
            evidence=tuple(
                Evidence.of(message, clause.start, clause.end, confidence)
                for (message, clause), confidence in list(places.items())[:EVIDENCE_LIMIT]
            ),
            subject=title,
        )


_BESIDE_MESSAGES = 2
"""A message or two on, people still speak of the wish they told: how they make do, how long they waited."""


def _title(one: Candidate) -> Title | None:
    """The wish's name, from its clause or from those beside it; None when none of them names a thing."""
    clauses = one.message.clauses
    at = one.clause.index
    beside = [other for other in clauses if 0 < abs(other.index - at) <= _BESIDE_CLAUSES]
    return wish_title([one.clause, *beside], one.message.text)


def _clause_as_title(one: Candidate) -> Title:
    """The clause itself, cut at a word: what a model heard as a wish need not name its thing."""
    words = one.message.text[one.clause.start : one.clause.end].split()
    return Title(" ".join(words[:TITLE_LIMIT_WORDS])[:_TITLE_CHARACTERS], 0.0, one.clause)


def _begins(one: Candidate, title: Title) -> bool:
    """Whether a wish is another one than what its author wishes close by: asked for outright, or added on.

    Who tells one wish comes back to it in ever new words, and hardly anybody has two in a breath.
    """
    clauses = one.message.clauses
    place = clauses.index(one.clause)
    where = (clauses[0], clauses[max(0, place - 1)], one.clause)
    return title.outright or any(goes_on(one.message.text[at.start : at.end]) for at in where)


class _Wishes:
    """The wishes of a conversation as they are told, each by its number.

    Where each was told is kept by message, so that a long conversation costs no more for each word of it.
    """

    def __init__(self, conversation: Conversation) -> None:
        self._told: list[tuple[str, list[Candidate]]] = []
        self._clauses: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        self._earliest: dict[tuple[str, int], int] = {}
        self._place: dict[int, tuple[str, int]] = {}
        said: Counter[str] = Counter()
        for message in conversation.customer_messages:
            self._place[id(message)] = (message.author_id, said[message.author_id])
            said[message.author_id] += 1

    def begin(self, title: Title, one: Candidate) -> None:
        """Take a candidate for another wish than those that were told."""
        self._told.append((title.text, []))
        number = len(self._told) - 1
        self.add(number, one)
        if title.clause is not one.clause:
            self.add(number, replace(one, clause=title.clause))

    def add(self, number: int, one: Candidate) -> None:
        """Take a candidate for more words about a wish."""
        self._told[number][1].append(one)
        self._clauses[id(one.message)].append((number, one.clause.index))
        place = self._place[id(one.message)]
        self._earliest[place] = min(number, self._earliest.get(place, number))

    def of(self, one: Candidate, title: str) -> int | None:
        """The wish that a candidate belongs to.

        Neighbouring clauses of a message, and clauses about the same thing, are one wish. A clause that names
        no thing ("so far we do it by hand") tells more of a wish of its message.
        """
        reach = 1 if title else len(one.message.clauses)
        near = {
            number for number, at in self._clauses[id(one.message)] if abs(at - one.clause.index) <= reach
        }
        found = (
            number
            for number, (known, _) in enumerate(self._told)
            if number in near or (title and same_wish(known, title))
        )
        return next(found, None)

    def told_beside(self, one: Candidate) -> int | None:
        """The wish that its author told in a message or two beside this one, which names no thing itself."""
        author, at = self._place[id(one.message)]
        places = ((author, at + by) for by in range(-_BESIDE_MESSAGES, _BESIDE_MESSAGES + 1))
        return min((self._earliest[place] for place in places if place in self._earliest), default=None)

    def first(self, limit: int) -> list[tuple[str, list[Candidate]]]:
        """The wishes that were told first, by title with their words."""
        return self._told[:limit]


def create(parameters: Parameters | None = None) -> FeatureRequestDetector:
    """The feature request detector; README.md says how the calibration was found."""
    return FeatureRequestDetector(
        name=NAME,
        version=VERSION,
        kind=Kind.FEATURE_REQUEST,
        voices=(
            Voice(
                RuleBook(_CUES, _GROUPS),
                Calibration(slope=1.066, offset=-2.418),
                answers=answers(Kind.FEATURE_REQUEST),
            ),
        ),
        parameters=parameters or Parameters(threshold=0.6),
    )
