"""Words by which agents answer and customers take it so, that what was said before no longer holds."""

from __future__ import annotations

from services.detector.domain.rules import Cue, RuleBook
from services.detector.domain.text.phrases import phrase_lines


def _book(name: str, lines: str) -> RuleBook:
    return RuleBook((Cue(name, 1.0, phrase_lines(lines)),))


SHOWN = _book(
    "shown",
    """
    ^ you|it|that|they|this can|does|do|is|has
    ^ yes|oh|ah|actually|sure|indeed ..2 you|it|that|they|this can|does|do|is|has
    you can ..3 already
    have you seen|tried|looked|found
    can already
    already can|possible|there|exists|does|have|in|supported|available|has|built_in
    hover|click|tap|press|select|drag|tick|scroll ..6 the|on|and|it|a|your|any|over|down
    under|in settings|account|billing|reports|profile|preferences|tools|view|display|options|more
    settings
    there is one|a|an|already
    it is ..2 under|in|on|called|behind|at|there
    top|bottom|upper|lower right|left|corner
    included
    """,
)
HELD_BACK = _book(
    "held_back",
    """
    not|can_not|no|unfortunately|sorry|yet|afraid|instead|workaround|only
    pass|passed|passing|noted|logged|recorded|added|raised|filed|roadmap|backlog
    will|let_me|can|could|i|we ..1 note|log|record|add|raise|file
    product|engineers|developers|idea|feedback|wish|vote|suggestion|request
    plan|upgrade|addon|add_on|trial|price|month
    team|colleagues|planned|planning|plans|coming|future|consider|considering|forward|forwarded
    share|shared|sharing ..1 it|that|this|your|with
    soon $
    working|work on|at|towards
    next release|version|update|quarter|sprint
    on our|my|the|their ..1 list $
    let|tell ..3 know
    bring ..1 up
    come|comes|came|asked up|before|often
    interesting|useful|understandable|beta
    tell|say ..2 more
    why|which|who do|does|is|are|team|report|settings|one
    ^ why|which|what|who|how
    could|can|would you ..3 send|share|show|tell|describe|explain
    """,
)
TAKEN = _book(
    "taken",
    """
    works|worked|perfect|brilliant|lovely|great|wow|excellent|magic|marvellous|wonderful|super|splendid
    fantastic|clever
    thanks|thank|thx|cheers|ta|merci
    got|see|found|there it|that|is
    so it|that|there|simple|easy
    that|this does|did|is|works|helps|solves
    since when
    exactly|just what
    oh|ah|aha|ooh|doh|well|huh
    take back
    did|had|was not know|aware|see|notice|realise|realize|noticed|seen|spotted
    had|have|always assumed|thought|believed
    sorted|solved|done|good|nice|neat|fine
    in|all my years|time
    """,
)
UNMET = _book(
    "unmet",
    """
    but|however|still|except|unfortunately|though|without|nope|cannot
    does|do|is|are|can|will|would not
    not ..2 what|same|help|work|quite|really|it|enough
    no ..1 way|option|use|good
    yet|each|every|manually|hand
    wish|would|could|should|please
    """,
)
DECLINED = _book(
    "declined",
    """
    ^ nah|nope
    no need|thanks|thank_you $
    no need|thanks|thank_you i|we|that|for_now|then|for_us|here|not
    just|only|merely asking|curious|nosy|wondering|checking|looking
    nothing to do|change|buy|order then|here
    do not need anything|more|any_more|anymore|else|it|that|them $|thanks|thank|then|else|more|now|at_all|
        after_all
    stay|stays|staying|remain|remaining on|with our|the|what|team|basic|starter|standard|free|this|that
    go|carry|stay|stick|leave|keep on|with|it|as what|before|now|is|we_have|it_is
    leave it as|at
    not worth|needed|necessary|interested
    will|can do|manage|cope|live|get_by without|with_what|with_that|as_we_are
    was just|only
    too much|expensive|dear for
    maybe|perhaps|another time|day|next_year|later
    not now|today|this_year|for_now|at_the_moment
    we|i are|am fine|good|ok|okay $
    we|i are|am fine|good|ok|okay thanks|thank|for_now|like|as|without|here|i|we
    we|i are|am fine|good|ok|okay with what|our|the_way
    """,
)
ANOTHER_OFFERED = _book(
    "another_offered",
    """
    anything|something|what else|more|further
    any ..1 other
    ^ done|added|upgraded|switched|activated|ordered|booked|sorted
    is|are ..1 done|added|active|activated|upgraded|switched
    i|we have added|upgraded|switched|activated|ordered|booked
    annual|annually|yearly ..2 billing|payment|invoice
    annual|yearly ..4 discount
    """,
)
"""What is let be then is more of it, or another way to pay, not what was asked for."""
AGREED = _book(
    "agreed",
    """
    yes|please|go_ahead|ok_do|sure|agreed|approved|deal
    send|sign|put|add|book|order|switch|upgrade|take
    """,
)
ASKED_WHETHER_LEAVING = _book(
    "asked_whether_leaving",
    """
    thinking|planning|talking ..2 leaving|canceling|going|ending|closing
    leaving us
    whole|entire account|subscription|membership|contract $
    ^ ..1 your ..1 account|subscription|membership|contract $
    sure|mean ..2 your ..1 account|subscription|membership|contract $
    your ..2 account|subscription|membership|contract you mean
    mean|want|wish|like|prefer ..4 cancel|close|delete|end|terminate ..4 account|subscription|membership|
        contract
    """,
)
HELD_ON_TO = _book(
    "held_on_to",
    """
    sorry|sad|shame|pity ..2 hear|see|lose|losing|leaving|that_you|you_are|if_you|go
    to|can|could|like|want|prefer|help ..3 keep|save|stay|pause
    staying|prevent|convince|reconsider|rethink
    change your mind
    discount|instead
    # off
    why|reason|reasons
    what|anything|something ..2 made|make|do|did|can|could|would|wrong
    """,
)
"""Said to who leaves; a no to it is no denial."""
KEEPING_OFFERED = _book(
    "keeping_offered",
    """
    could|can|may|shall|what_if|would ..5 tempt|offer|interest|persuade
    offer|tempt|interest|give|do you ..4 better|cheaper|lower|half|free|discount|#|pause
    better|cheaper|lower deal|price|rate|offer|plan
    # off
    half price
    months|month|weeks free|for_free|on_us
    pause|freeze|discount instead
    what_if|if we|i ..3 halved|reduced|lowered|matched|waived|took|knocked|gave
    match|halve|reduce|lower|waive the|your|that|their ..2 price|bill|fee|rate|offer
    """,
)
"""What agents offer somebody who is leaving."""
ACCEPTED = _book(
    "accepted",
    """
    ^ ..2 yes|yeah|yep|ok|okay|deal|fine|alright|go_on ..1 then|please|that|let|we|i|you|it|do|at $
    ^ ..2 yes|yeah|yep|ok|okay|deal|fine|alright|go_on $|then|please|let|do
    ^ ..2 yes|yeah|ok|okay|fine that ..1 would|will|works|sounds|is|changes
    that|this ..1 would|will|could do|work|help|be_fine|be_great|be_good|keep
    that|this works|sounds_good|sounds_fair|sounds_great|changes_things|changes_everything
    leave|keep it|everything|the_account|us|me ..1 as|then|open|running|going
    take|accept the|that|your|it ..1 offer|deal|discount|pause|month|months $
    take|accept that|it $
    """,
)
REFUSED = _book(
    "refused",
    """
    ^ ..1 no|nope|nah ..1 thanks|thank|ta|cheers|need|point|way|chance|sorry
    ^ ..1 no|nope|nah $
    too late
    not interested
    mind is made_up
    made|make up my|our mind|minds
    already ..3 signed|decided|moved|switched|got|have|gone|agreed
    """,
)
"""Said to such an offer, or to who is sorry: the notice stands."""
STILL_LEAVING = _book(
    "still_leaving",
    """
    just|please|only|simply ..1 cancel|close|end|delete|terminate
    cancel|close|end|delete|terminate it|that|everything|anyway|now|today|please
    end of ..2 month|year|term|period|week|quarter|contract
    have|has ..1 decided
    we|i are|am ..1 done|leaving|moving|switching|out|off
    mind is made_up
    """,
)
DENIED = _book(
    "denied",
    """
    ^ no|nope|nah|god|heavens|goodness|lord|gosh ..1 no|not|never|just|only|the|we|i|that|forbid
    ^ no|nope|nah|never $
    ^ oh|ah|ha|haha ..1 no|god|heavens
    """,
)
