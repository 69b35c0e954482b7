"""More of the same product: the ways to say that more people or places come, grouped by idea."""

from __future__ import annotations

from services.detector.domain.rules import Cue
from services.detector.domain.text.phrases import phrase_lines

GROWING_GROUPS = {
    "crew": """users people employees colleagues teammates staff seats seat licenses license logins accounts
        agents drivers engineers technicians nurses doctors teachers tutors lecturers lawyers consultants
        advisers advisors carers stylists chefs cooks waiters guards trainees interns apprentices temps
        contractors freelancers volunteers hires starters joiners guys lads blokes folks heads hands reps
        salespeople buyers planners dispatchers fitters electricians plumbers cleaners developers designers
        operators managers coaches therapists installers surveyors workers of_us members""",
    "site": """team teams department departments office offices branch branches location locations subsidiary
        subsidiaries region regions brand brands store stores shop shops country countries site sites
        division divisions depot depots warehouse warehouses yard yards clinic clinics practice practices
        hospital hospitals school schools plant plants factory factories hotel hotels kitchen kitchens
        restaurant restaurants garage garages studio studios salon salons franchise franchises campus
        faculty ward wards shift crew company companies firm workspace workspaces business""",
    "want": "want wants like likes love need needs ask asks asked asking interested keen",
}

GROWING = (
    Cue(
        "more_heads",
        2.8,
        phrase_lines(
            """
            #|<many> more|additional|extra|further|new|other ..1 <crew>
            another|further|additional #|<many> ..2 <crew>
            need|add|order|buy|get|want|for|is|are|put|book ..2 #|<many> more|extra|additional $|from|by|
                before|
                to|on|at|in|please|then|now
            what|how ..5 for|of another? #|<many> more
            put|sign us|me down|up for #|<many>
            room|capacity|space for ..1 #|<many> ..3 <crew>|more|people
            order|ordering|confirm|confirmed the|another|for? #|<many> ..2 from|of|<crew>|further
            extra|additional|more|further logins|users|seats|licenses
            user|users|seat|seats allowance|limit|count|number|from ..3 # to #
            allowance|number of ..1 users|seats|people ..3 from|to
            from # to # <crew>
            #|<many> ..1 <crew> ..4 join|joining|come|coming|start|on_top|as_well|too|in_addition
            """
        ),
        family="people",
    ),
    Cue(
        "others_want_it",
        2.8,
        phrase_lines(
            """
            <want> in|it|this|them|access too|also|as_well
            all|they|people|everybody|everyone ..3 <want> it|this now
            <want> in too|also|as_well|$|and
            <want> ..2 to? join|be_included|come_on_board|be_part
            <site>|finance|marketing|sales|hr|legal|operations|headquarters|hq|management|others ..8 like|
                want|
                wants|love|asked|ask|keen ..4 same|it|too|included|in|workspace|as_well|join
            sister|parent|partner|other|mother ..1 company|firm|school|brand|team|business|shop ..8 want|
                wants|
                like|same|join|too|it|interested
            all|every <our>|my|the ..1 guys|team|staff|people|crew|teachers|nurses|drivers|<crew> want|wants|
                need|needs
            get|bring|have|take ..1 the|our|my|all ..3 <crew>|<site> ..1 in|on_board|onto|aboard|over ..2 too|
                also|as_well|next|from|now|$
            bring|bringing ..3 colleagues|<site> on board|aboard|in|onto|over
            showed ..8 want|like|love ..2 it|same|too
            """
        ),
        family="wide",
    ),
    Cue(
        "new_place",
        2.8,
        phrase_lines(
            """
            second|third|fourth|fifth|another|new|next|two_more|three_more|more ..1 <site> ..4 open|opens|
                opening|start|starts|starting|joins|joining|coming|next|over|follow|follows
            open|opens|opened|opening ..3 second|third|fourth|another|new ..2 <site>
            took|taken|taking on|over a|an|another|the|two|three|second ..3 company|firm|practice|
                business|competitor|<site>|agency
            bought|buying|acquired|acquiring|merged|merging ..1 a|an|another|the|two|our|with ..3 company|
                firm|practice|
                competitor|agency|chain|hotel|clinic|school|plant
            same|identical ..3 for|as|at ..2 other|new|second|third ..2 <site>|two|one|ones
            <many> more|additional|new|further <site>
            other|remaining|rest ..4 <site> ..6 follow|follows|ready|next|join|come|start|too|as_well
            remaining ..2 <site>
            across|to|for|in all ..1 <our>|the ..1 <site>
            phase|wave|stage two|three|2|3
            own workspace|branch|account|instance next|beside|in|for|under|with
            all ..2 countries|regions|branches|offices|<site> move|moving|will|to
            decided|board|agreed|yes ..6 all|every ..2 countries|branches|<site>
            """
        ),
        family="places",
    ),
    Cue(
        "price_of_size",
        2.2,
        phrase_lines(
            """
            license|licensing|licence ..6 dozen|them|for|<many>|#
            prices|price come|go|get|drop|fall ..1 down|cheaper|lower|better at|with|if|for
            proposal|quote|offer|price|sums|contract ..3 for #|<many> in|more|people|users|<crew>
            per head|person ..6 #
            """
        ),
        family="volume",
    ),
    Cue(
        "not_growing",
        -3.5,
        phrase_lines(
            """
            unused|idle|empty|spare|inactive|too_many
            errors|error|tickets|outage|fix|bug|minutes|days|day|hours|weeks|steps|clicks
            # phone|numbers|files|fields
            phone numbers
            # jobs|orders|elevators|units|products
            on the map|address
            drop|reduce|cut|down|lower ..4 from
            out to the|our|my team|staff|people
            companies|vendors|suppliers ..2 showing|pitching|presenting
            hand|give ..4 back
            """
        ),
    ),
)
