"""A customer at the beginning: signing up, setting up, first steps, training, going live.

People also create reports, open tickets and train models, and have users of their own to bring on board; none
of that is the beginning of their relationship with the vendor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.detector.domain.agent_replies import offers, replies
from services.detector.domain.cues.beginning import BEGINNING
from services.detector.domain.cues.settling_in import SETTLING_IN
from services.detector.domain.detector import Parameters
from services.detector.domain.finding import Kind
from services.detector.domain.lexical import LexicalDetector, Voice
from services.detector.domain.rules import Calibration, Cue, RuleBook
from services.detector.domain.text.phrases import phrase_lines
from services.detector.domain.vocabulary import FAULT, GROUPS, THIRD_PARTY

if TYPE_CHECKING:
    from services.detector.domain.conversation import Context, Message

NAME = "onboarding"
VERSION = "11"
_FRESH_DAYS = 60
"""First steps are taken within two months of signing up."""
_SETTLED_DAYS = 365
"""After a year, setting something up is daily work."""

_GROUPS = {
    **GROUPS,
    "begin": "get getting got",
    "signing": """sign_up signing_up signed_up signup registration registering register registered enroll
        enrolling""",
    "newly": "just recently newly finally only_just",
    "joined": """signed joined bought purchased subscribed started created made got_started become became
        onboarded installed""",
}

_CUES = (
    Cue(
        "account_opening",
        3.2,
        phrase_lines(
            """
            create|creating|open|opening|register|registering|activate|activating ..4 account|accounts|
                profile|workspace
            set_up|setting_up|make|making|start|starting a|an|our|my|new|the|another ..2 account|profile|
                workspace|membership
            want|need|like ..1 new ..2 account
            ^ new ..2 account
            help creating|create ..1 user
            new account ..3 for|with|open|please
            want|like|how|trying|tried|need|can|could|unable|help|wanting ..4 <signing>
            <signing> ..4 error|problem|issue|not|page|form|fails|failed|rejecting|process|work|complete|
                stuck|trouble
            complete|finish|assistance|help ..4 registration|registrations|<signing>
            problem|problems|issue|issues|trouble|error|errors with|during|in|on|of|at|when|
                while ..2 registration|registrations|<signing>
            registration|registrations|<signing> problem|problems|error|errors|issue|issues
            become|becoming a? ..1 customer|member|client
            start|starting|begin ..1 a? new service|policy|plan|contract
            documents ..4 open
            want|need|like|purchase|get|buy|start|interested|order ..4 new|a|an ..1 internet|cable|phone|
                broadband|tv|mobile|fiber ..2 connection|service|line|package
            want|need|like|get|start|order ..2 new ..2 connection|service
            want|need ..1 internet|cable|phone ..1 service|connection
            <signing> twice
            where|how ..3 <signing>
            """
        ),
        family="opening",
    ),
    Cue(
        "just_joined",
        3.0,
        phrase_lines(
            """
            <newly> ..1 signed|joined|subscribed|onboarded|signed_up|registered|enrolled
            <newly> ..1 bought|purchased|created|made|installed|started ..4 account|your|plan|
                subscription|license|app|workspace|you|platform|profile
            i|we new here|to_this|to_the|to_you|to_your
            new customer|client|user here
            we are|am a? ..1 new here|customer|client|to
            brand new|fresh workspace|account|customer
            fresh account
            new here
            first time ..1 user|using|customer|with
            our|my first day|week|month with|on|using|and
            in our first day|week|weeks|month
            it is our first month
            day one
            now that the paperwork|contract|purchase
            signed|completed|closed the contract|purchase|deal|agreement
            after purchasing|signing|subscribing
            weeks|days|week after signing
            trial turned|converted
            bought|purchased the|your ..2 plan ..3 on|yesterday|today|last
            never used ..5 before|software|tool
            never used this
            my|our|the boss|company bought this
            just starting out
            we|i got approval
            i|we am|are taking over
            starting from zero|scratch
            from scratch
            """
        ),
        family="joined",
    ),
    Cue(
        "getting_started",
        3.2,
        phrase_lines(
            """
            getting|get|got started
            get ..2 started
            where|how|what ..5 begin|start first|with
            not|no sure|clue|idea where|how|what ..2 begin|start|first|doing
            where to begin|start
            what ..4 do|set_up|setup first
            what ..1 comes|are|is ..1 next
            next steps ..4 train*|set*|go*|start*|onboard*
            up and running
            get it|us|everyone|everybody running|set_up|live
            getting everyone set
            how things|it|this works|work here
            first steps
            quick tour
            setup steps
            walk ..1 us|me|them|my_team through
            telling me how to begin
            """
        ),
        family="started",
    ),
    Cue(
        "kickoff",
        3.2,
        phrase_lines(
            """
            kick off|offs call|meeting|session|date|is|on|agenda|takes
            kickoff
            onboarding session|call|checklist|thread|specialist|manager|process|plan|team|meeting|steps|
                help|guide|documents|email|tasks
            onboard us|our|my|the ..2 team
            our|my|the|your|start|begin onboarding
            implementation manager|plan|call|team|specialist|partner|is|phase|project|timeline
            introduction|intro|introductory|welcome call|session|meeting
            go live date|is|on|in|plan|planned
            going live
            before|until we go live
            point of contact for ..1 rollout|onboarding|implementation
            pilot group
            before launch
            part of our rollout
            """
        ),
        family="kickoff",
    ),
    Cue(
        "setting_up",
        2.6,
        phrase_lines(
            """
            initial|first setup|set_up|configuration|import|config|settings|project|login|installation
            setup wizard|guide|checklist|question|instructions|assistant
            setting up <our> ..1 account|workspace|team|system|company
            middle of setting up
            set ..3 up properly|correctly|right
            help ..2 setting|set ..2 up
            assistance ..2 configur*|set*
            welcome email|message|mail|pack|package
            activation code|link|email
            <our> login|sandbox details|credentials
            connect|log|login|sign|set|configure|install|use|using|start ..6 for the first time
            admin invite
            invite everybody|everyone|the_team|my_team
            verify|confirmation ..3 domain|identity|email|mail before|came|never
            import|migrate|migrating|move|moving|load ..6 before ..2 live|launch
            migrat* from ..4 to your|you
            figure|trying ..3 how things|it|this work|works
            sample data
            configured it right
            so far i|we have made|added|created|set|invited|imported|configured
            """
        ),
        family="setup",
    ),
    Cue(
        "training",
        2.6,
        phrase_lines(
            """
            train|training|trained ..3 our|my|the|us|new|for ..3 agents|team|people|staff|users|starters|
                admins|colleagues
            training session|sessions|material|materials|course|videos|webinar
            webinar|course|tutorial|guide for beginners|starters|new|admins
            recorded training
            do you|can_you|you run|offer|provide|give training
            people trained
            explain ..4 from scratch
            train <our> ..1 agents|team|people|staff
            """
        ),
        family="training",
    ),
    Cue(
        "activating",
        2.8,
        phrase_lines(
            """
            card|sim ..6 activate|activated|activating
            card active
            activation|activate|activating|active ..3 card
            identity|identification|id check|checks|checking|validation|proof
            proof of identity|identification
            activate|activating|activation ..3 <our> ..2 account|card|service|membership|line|sim|license
            card|sim ..4 activate|activated|activation
            verify|verifying|verification|prove ..2 <our>? identity|id
            identity verification|check|verified
            """
        ),
        family="activate",
    ),
    Cue(
        "other_beginning",
        -3.5,
        phrase_lines(
            """
            newsletter|newsletters
            webinar ..4 accident|remove|thursday|make_it
            shipping|delivery|billing address
            insurance
            registered car|vehicle|mail|letter
            <signing> for your newsletter|the_webinar|the_newsletter
            years ago
            ages ago
            for # years
            for two|three|four|five|six years
            has worked fine
            visitors of our
            each should have
            additional seats
            our own client|clients|customers|product|users|app|shop
            onboarding flow|emails|tour
            training data
            open|create|make ..2 new? report|tag|ticket|filter|rule|folder|dashboard|view
            reset|forgot ..4 password|device
            cancel|terminate|close|delete
            existing account
            account manager|number
            new message|employee|phone|release|layout
            dark mode
            since this morning
            account ..3 wrong
            recording
            """
        ),
    ),
    Cue(
        "speaks_of_beginning",
        0.8,
        phrase_lines(
            """
            invite|invites|invitation|invitations|invited
            import|imported|importing|imports
            set_up|setting_up|setup
            set ..2 up
            start|starting|begin|started|first
            training|trained|train
            live|launch|launching|checklist
            """
        ),
        hint=True,
        family="hint",
    ),
    *BEGINNING,
    *SETTLING_IN,
    THIRD_PARTY,
    FAULT,
)


def _facts_points(context: Context, message: Message) -> float:
    """The same words mean a beginning in a customer's first weeks, and daily work after a year."""
    signed_up = context.facts.signed_up_at
    if signed_up is None or signed_up > message.at:
        return 0.0
    days = (message.at - signed_up).days
    if days <= _FRESH_DAYS:
        return 0.8
    return -1.6 if days > _SETTLED_DAYS else 0.0


def create(parameters: Parameters | None = None) -> LexicalDetector:
    """The onboarding detector; README.md says how the calibration was found."""
    return LexicalDetector(
        name=NAME,
        version=VERSION,
        kind=Kind.ONBOARDING,
        voices=(
            Voice(
                RuleBook(_CUES, _GROUPS),
                Calibration(slope=1.011, offset=-0.931),
                replies=replies(Kind.ONBOARDING),
                offers=offers(Kind.ONBOARDING),
            ),
        ),
        parameters=parameters or Parameters(threshold=0.6),
        facts_points=_facts_points,
    )
