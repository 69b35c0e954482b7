"""A customer who grows on the same product: more people, teams, places, brands or cards.

Adding one user by hand is administration, not growth; only a number, seats, a price, or another part of the
company counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.detector.domain.agent_replies import offers, replies
from services.detector.domain.cues.growing import GROWING, GROWING_GROUPS
from services.detector.domain.cues.multiplying import MULTIPLYING
from services.detector.domain.detector import Parameters
from services.detector.domain.finding import Kind
from services.detector.domain.lexical import LexicalDetector, Voice
from services.detector.domain.rules import Calibration, Cue, RuleBook
from services.detector.domain.text.phrases import phrase_lines
from services.detector.domain.vocabulary import FAULT, GROUPS, THIRD_PARTY

if TYPE_CHECKING:
    from services.detector.domain.conversation import Context, Message

NAME = "expansion"
VERSION = "11"
_FRESH_DAYS = 60
"""A customer who signed up within two months is still bringing in the people they signed up for."""

_GROUPS = {
    **GROUPS,
    **GROWING_GROUPS,
    "seat": "seat seats license licenses slot slots",
    "grow": """add adding buy buying order purchase purchasing need needs needing get getting provision
        want wants require requires
        request requesting bring bringing expect quote like""",
    "plus": "more additional extra another further new second spare addl",
}

_CUES = (
    Cue(
        "more_seats",
        3.4,
        phrase_lines(
            """
            <grow> ..4 <seat>
            <many>|<plus> ..2 <seat>
            add|need|buy|get|order|requesting ..1 one ..1 <seat>
            <seat> ..3 from # to
            no|out_of|free|enough <seat> left?
            increase|raise|bump|expand|extend|up ..5 <seat>|user count|limit|number|numbers|to|from
            increase|raise|bump|expand|extend ..2 <seat>|user_limit|number_of
            number of ..1 <seat> by|to
            how ..3 buy|get|add|order ..3 <seat>
            do not have <seat>
            <seat> for|as ..3 new|contractor|colleague|people|hires|interns
            <seat> ..2 all taken|used
            """
        ),
        family="seats",
    ),
    Cue(
        "more_people",
        3.0,
        phrase_lines(
            """
            add|adding|bring|bringing|need|provision|onboard|onboarding|access_for|quote_for|
                put ..2 <many>|more|additional|extra|multiple ..2 <people>
            add|adding|onboard|need ..1 new users|people|agents|employees|members|staff|colleagues
            <many>|how_much_for <plus> ..2 <people>
            <many>|multiple new <people>|users
            per additional|extra|new|added|# user|seat|agent|person|head
            price|cost|pay|pricing|bill|billing|quote ..4 additional|extra|more|adding|add|another|
                # ..2 <people>
            above|over|beyond|than # ..1 <people>
            # ..1 <people> on top
            user|agent|people limit to
            add ..1 <many> ..1 people|users
            add|adding their staff|people|users|team
            <many> external|internal people|users
            adding ..2 people|users|accounts in|by
            """
        ),
        family="people",
    ),
    Cue(
        "more_places",
        2.8,
        phrase_lines(
            """
            <grow> ..3 another|second|additional|extra|new|one_more|more|us|canada ..2 <place>
            other|another|new|more|two|three|four|five|several|every|each ..2 <place> ..6 want|wants|like|
                use|join|asked|interested|access|ask|needs|login|logins|roll|deploy
            marketing|sales|support|hr|finance|legal|warehouse|operations|it|engineering|product ..2 team|
                folks|people|department ..3 want|wants|like|needs|need|asked|interested ..4 in|access|it|
                logins|licenses|join
            marketing|sales|hr|finance|legal|operations ..8 wants|want in
            office|branch|subsidiary|department|departments|store|division ..4 want|wants|would_like|
                asked ..4 use|join|it|in|same|access|board|logins
            want|like|ask|asking|happy to? extend|expand|deploy|roll|bring|scale ..6 <place>|company|
                subsidiaries|stores|partners|org|business
            open|opening|opens ..4 <place>
            from one to # brands|workspaces|locations
            extend|extending <our> contract|license|subscription to
            that would be <many> on top
            bump it to #
            workspace|account|tenant|instance for <our>|each|every ..2 <place>
            every branch|store|location|team|site|nurse|teacher|department|office
            bring|bringing ..3 <place>|org ..3 over|on|onto|in
            add|adding another|a|second|new ..1 location|branch|property|site|store|line|brand|number
            other business units
            need|want separate|additional workspaces
            <place> ..4 come|coming on_board|on
            """
        ),
        family="places",
    ),
    Cue(
        "company_wide",
        3.0,
        phrase_lines(
            """
            roll*|deploy*|launch*|extend*|expand*|implement*|take|taking ..5 company|organization|
                everyone|whole|entire|globally|worldwide|wide|emea|apac|enterprise_wide
            company wide
            standardize|standardise on
            across all|the|our ..1 subsidiaries|group|company|teams|offices|brands|departments
            extend ..2 deployment|usage|contract|rollout to
            roll*|rolling ..1 out to <many>|our|the|all|region|other|more ..2 <place>|<people>|company|stores
            beyond support|sales|marketing|the
            whole ..2 org|company|department|team ..4 users|seats|licenses|quote
            """
        ),
        family="wide",
    ),
    Cue(
        "growth",
        1.6,
        phrase_lines(
            """
            we|company|team|business are|is hiring|growing|expanding|scaling
            headcount ..1 doubles|doubling|grows|growing|up
            acquired|acquiring|merged|merging|acquisition ..5 company|firm|agency|team|business|startup
            just merged
            expanding to|into
            doubl* ..3 team|headcount|staff
            scale ..3 accounts|users|up
            # ..2 soon
            new hires|colleagues|joiners starting|can|start|from
            """
        ),
        family="growth",
    ),
    Cue(
        "volume_price",
        2.6,
        phrase_lines(
            """
            volume|group|bulk|quantity pricing|discount|rate|price|discounts|deal
            what happens to the price
            true ups
            price ..6 go from # to
            how ..2 should|would|do we|you license|price
            """
        ),
        family="volume",
    ),
    Cue(
        "one_more_thing",
        3.0,
        phrase_lines(
            """
            another|second|additional|extra|spare|more|one_more physical|debit|credit|payment|phone|
                virtual? card|cards|line|lines
            order|add|get|need|want|insure another|second|additional|extra ..1 vehicle|car|property|
                number|device
            card|cards|line|lines for ..1 my|our|a|family wife|husband|partner|daughter|son|mother|father|
                kid|child|family|spouse|colleague
            how many ..2 cards
            insure another|additional|second
            more than one card
            my daughter|son|wife|husband|partner need|needs|want|wants
            <our> second business|company|shop|brand
            <many>|more additional accounts
            same setup|account under|for
            """
        ),
        family="one_more",
    ),
    Cue(
        "price_asked",
        0.8,
        phrase_lines(
            """
            quote|price|pricing|cost|costs|how_much|invoice|bill|contract|po|discount|license
            """
        ),
        whole_message=True,
    ),
    Cue(
        "administration",
        -3.5,
        phrase_lines(
            """
            remove|removing|delete|fewer|less|drop|reduce|replace|transfer|revoke ..3 <people>
            can|could|do not log|login|see|open|sign|access
            another|other user|users had|has|have|reported|are
            another workspace|department ..3 was|already|name|answered
            office lease
            seat at|on the event|plane|table
            app store
            more|other users|people|than ..2 people|are|is|have reporting|asked|complain*
            same issue|problem|error|bug
            group|report|filter|sort ..2 users by
            how many|see ..2 <seat> used|are
            <seat> ..2 used|shown|active
            <people> ..2 wrong|blank|empty|missing|deleted
            # users and one
            number|count of ..1 <people> shown|differs|on
            cc
            column|columns|tag|tags|example|examples|picture|email_address|font|details|time
            license text|plate|key|agreement
            meeting room
            limit to the number
            <seat>|<people> ..4 not ..2 needed|need
            no longer|not need ..4 <seat>
            too many <seat>
            hand|give ..3 <seat> back
            <seat> ..2 idle|empty|unused|spare
            <seat> ..6 booking|flight|train|coach|show|performance|concert|match|game|row|theatre|cinema|
                screening
            <seat> next to each|one
            layoffs|redundancies
            have|has another|second|additional ..1 card
            proof
            only need|half
            renewal|renewing|renew
            new employee|phone ..4 reset|how
            """
        ),
    ),
    Cue(
        "speaks_of_more",
        1.0,
        phrase_lines(
            """
            #|<many> more|extra|additional|new|further
            add|order|buy|need|want|start|book ..3 #|<many>
            another|second|third #|<many>|<place>|company
            join|joining|joins|included|include|come_on|on_board
            want|wants|need|needs|like|asked it|them|in|same|to
            bought|took_on|taken_on|opening|opened|acquired|acquire|merged|merging|sister
            """
        ),
        hint=True,
        family="hint",
    ),
    *GROWING,
    *MULTIPLYING,
    THIRD_PARTY,
    FAULT,
)


def _facts_points(context: Context, message: Message) -> float:
    """Points for the account's facts: in the first weeks, bringing people in is a beginning and no growth."""
    signed_up = context.facts.signed_up_at
    if signed_up is None or signed_up > message.at:
        return 0.0
    return -1.5 if (message.at - signed_up).days <= _FRESH_DAYS else 0.0


def create(parameters: Parameters | None = None) -> LexicalDetector:
    """The expansion detector; README.md says how the calibration was found."""
    return LexicalDetector(
        name=NAME,
        version=VERSION,
        kind=Kind.EXPANSION,
        voices=(
            Voice(
                RuleBook(_CUES, _GROUPS),
                Calibration(slope=0.866, offset=-1.033),
                replies=replies(Kind.EXPANSION),
                offers=offers(Kind.EXPANSION),
            ),
        ),
        parameters=parameters or Parameters(threshold=0.6),
        facts_points=_facts_points,
    )
