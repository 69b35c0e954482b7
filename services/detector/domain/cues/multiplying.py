"""The product for more heads, places and lines, told by the way, grouped by idea."""

from __future__ import annotations

from services.detector.domain.rules import Cue
from services.detector.domain.text.phrases import phrase_lines

MULTIPLYING = (
    Cue(
        "from_to",
        2.8,
        phrase_lines(
            """
            from #|<many> to #|<many> ..2 <crew>|<site>|people|clubs|vans|pupils|students
            grow|grows|grew|growing|growth ..2 from ..2 to #|<many>
            headcount ..3 from|goes|grows|to
            # <crew>|<site> ..2 instead_of|rather_than|in_place_of ..2 #
            make it # ..1 seats|licenses|users|instead|rather
            doubling|doubled|tripling ..1 the|our|in ..1 team|size|staff|headcount
            expand it|us|this ..2 to
            count on another|# #|ten|twenty|more
            """
        ),
        family="people",
    ),
    Cue(
        "logins_for_more",
        2.8,
        phrase_lines(
            """
            need|needs|want|buy|add|get|prepare ..3 #|<many> ..1 more|further|extra|additional ..2 <crew>|
                trackers|cameras|screens|tills|terminals
            #|<many> more|further|extra|additional ..1 <crew>|trackers|phones|cameras|lines|screens|tills|
                terminals|desks|vans|flats|pupils|students|logins
            accounts|logins|licenses for ..3 #|<many>|summer|seasonal
            second|additional|extra|another ..1 line|sim|cardholder|player|screen|till|terminal|
                tablet ..3 on|for|my|our
            second|extra|another|additional sim|cardholder
            put|add|bring my|our|the ..1 partner|wife|husband|son|daughter|brother|sister|mother|father|mom|
                mum|cofounder|bookkeeper|grandson ..3 on|onto|to|too
            son|daughter|wife|husband|mother|mom|mum|grandson|kid|
                partner ..6 on|onto my|our|the|mine ..1 plan|contract|policy|account
            charge|price per location|site|branch|store
            """
        ),
        family="people",
    ),
    Cue(
        "another_place",
        2.8,
        phrase_lines(
            """
            opening|open|opens|launch|launching ..3 second|third|fourth|new|another|next ..2 <site>|
                surgery|line|place|cafe|bakery
            we are opening in|a|an|our
            second|third|another|new <site>|surgery|cafe|bakery|brand|floor ..6 same|account|
                workspace|contract|license|licenses|there|cost|one
            bought|taken_over|took_over|acquired|merged_with ..4 agency|firm|practice|company|business|clinic|
                bakery ..8 bring|their|them|add|join|also|too
            want|wants|wanted ..4 all|every ..2 four|three|five|six|<many>? ..1 production|other ..1 lines|
                sites|<site>
            going nationwide|national|international|global
            regional|other|remaining|sister|all ..2 offices|sites|branches|hotels|clubs|locals|stores|wards|
                schools ..3 want|like|asked|join|connected|need
            on board before|by|in|from
            a|the second one then|please|too
            then|ok|yes ..1 a? second one please
            roll|rolling|rollout ..1 it|this|you|that? ..1 out ..2 to|across|for ..3 whole|entire|all|every|
                sales|marketing|other|company|departments|group
            pilot ..4 convinced|success|over|went ..8 whole|company|roll|everyone|all
            whole|entire|full ..1 company|school|group|village|department|organisation|organization ..2 wants|
                want|in|on_it
            get everyone|everybody on it
            one contract for
            """
        ),
        family="places",
    ),
    Cue(
        "not_our_size",
        -4.5,
        phrase_lines(
            """
            booking|train|theater|theatre|cinema|show|concert|flight|row|table|dinner|restaurant|bus|coach|
                opera|match|stadium
            child|car|van|driver|passenger|heated|heating|front|back|rear|leather ..1 seat|seats
            seats in ..3 van|car|bus|plane|row
            next to each other
            free seats|seat|licenses
            still|only got|have|use|using # free|of
            only ..1 use|using|need
            duplicate|duplicates|copies|twice|merge|merged
            copies of
            lease|rental
            our|my ..1 volunteers|customers|clients only
            another one|thing if|please|i
            another question|thing|topic|point|matter|issue
            swap|replace|instead_of_her|instead_of_him
            expired|resend|broken
            restructuring|layoffs|redundancies
            """
        ),
    ),
)
