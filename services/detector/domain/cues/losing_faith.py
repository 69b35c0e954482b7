"""Risk between the lines: alternatives, value, price, disuse and displeasure, grouped by idea."""

from __future__ import annotations

from services.detector.domain.rules import Cue
from services.detector.domain.text.phrases import phrase_lines

LOSING_FAITH = (
    Cue(
        "alternatives",
        3.0,
        phrase_lines(
            """
            look|looking|compar*|evaluat*|explor*|consider*|test*|trying|assess*|weigh*|shop*|
                research* ..4 alternative|alternatives|competitor|competitors|competition
            look|looking|compar*|evaluat*|explor*|consider*|test*|trying|assess*|weigh*|
                demo* ..2 <other> ..1 <vendor>|options|offers|helpdesk|quotes
            look|looking at|into ..2 other|different|alternative ..1 <vendor>|options
            look|looking|go|going|shop|shopping elsewhere|around
            consider*|think*|thought|tempted ..3 switching|canceling|changing_to|cancel|switch|
                leaving_you|moving_away|moving_on
            consider*|think*|thought ..1 leaving|moving|canceling|closing|ending|terminating ..6 account|
                subscription|contract|service|plan|membership|it|$
            consider*|think*|thought ..1 leaving|moving $
            competitor|competitors|<rival>|rival|someone_else|somebody_else|others ..3 offer|offers|
                offered|offering|cheaper|quoted|impressed
            competitor|competitors|<rival>|rival ..3 same|built|better
            competitors ..6 impressed
            one of your competitors
            better|cheaper|lower offer|deal|price|rate|quote|rates ..2 from|elsewhere|with|at|than
            got|found|received ..3 better|cheaper ..1 offer|deal|price|quote|option
            go|going|move|switch ..1 to your competition|competitor|competitors|rival
            parent|new ..5 wants ..3 on <rival>
            used|prefers a different|another tool|system|vendor|provider|product
            """
        ),
        family="alternatives",
    ),
    Cue(
        "value",
        2.6,
        phrase_lines(
            """
            not|hardly|barely|never|no ..4 value|roi|benefit|justify|justified|paying_for
            not ..2 worth the|it|our|what|paying|that|keeping
            question*|justify|justifying|defending|defend ..4 cost|costs|expense|price|investment|spend|
                spending|it_to|you_internally|roi|this
            why ..2 i|we|am|are pay|paying|keep ..1 for|paying ..1 this|you|it|that $
            not ..2 getting|seeing ..2 value|enough|worth|results|return
            value for ..2 money|pay|spend|price
            waste of money|time
            convinced ..2 roi|value
            could do without
            do|does not ..2 see|know why ..4 stay|keep|pay
            more work than
            expected more|better
            not what i|we expected|signed|paid|was_promised
            """
        ),
    ),
    Cue(
        "price",
        2.4,
        phrase_lines(
            """
            too|very|so|really expensive|pricey|costly|steep
            too much money|to_pay|for_what|per_month|a_month
            not|no_longer ..2 afford <our>|it|you|this
            price|prices|pricing|rate|cost ..2 increase|increases|hike|hikes|went_up|gone_up|jump|doubled
            raised|raising|raise|increased|increasing|hiked ..3 price|prices|rates|fee|fees|bill
            half the price
            all ..2 data in a format
            price|prices|pricing ..2 no_longer|stays|out_of|not ..2 works|work|like|reach|sustainable|
                competitive
            budget ..7 cut|cuts|slashed|reduced|gone|frozen|tight|halved|shrunk
            cut|reduce|reducing|cutting|save|saving|trim ..4 costs|spend|spending|budget|expenses
            smaller|cheaper|lower ..1 plan|option|package|tier
            price|pricing|bill|fee ..2 too high|much
            overpriced
            ridiculous ..2 price|amount|fee
            """
        ),
    ),
    Cue(
        "disuse",
        2.6,
        phrase_lines(
            """
            nobody|no_one|hardly|hardly_anyone|barely|rarely|noone ..6 use|uses|using|used|log|logs|
                logged|login|logging|touched|opens
            not using|used|use it|this|you|your|the ..3 much|enough|as|anymore|any_more|often|at_all
            usage|adoption|engagement|logins ..4 dropped|down|low|poor|slow|fell|declining|never|weak|
                disappointing|struggl*
            adoption never
            went|going|go|gone back to the|our ..1 old|spreadsheets|excel
            back to|on spreadsheets|excel|the_old|our_old|email|paper|manual
            seats|licenses|half|most ..4 unused|idle|empty
            not logged ..1 in
            not ..2 use ..3 anymore|any_more|any_longer
            gathering dust
            """
        ),
    ),
    Cue(
        "displeased",
        1.5,
        phrase_lines(
            """
            disappointed|disappointing|disappointment|frustrated|frustrating|unacceptable|ridiculous|
                terrible|awful|horrible|worst|unhappy|dissatisfied|appalling|useless|joke
            fed up
            let down
            losing|lost patience|faith|trust|confidence
            last straw|chance|warning
            had enough
            sick|tired of
            not happy|satisfied|acceptable|impressed|pleased with|about|at_all|for|and|$
            nobody ..6 cares
            running out of patience|arguments
            not the service|level|quality
            not ..2 keep recommending
            """
        ),
        family="displeased",
    ),
    Cue(
        "end_of_patience",
        1.6,
        phrase_lines(
            """
            last straw
            last|final chance|warning
            losing|lost|out_of patience
            running out of patience|arguments
            fed up
            had enough
            not the service we|i signed|pay
            not ..2 keep recommending
            """
        ),
    ),
    Cue(
        "again_and_again",
        1.0,
        phrase_lines(
            """
            third|fourth|fifth|second|nth|umpteenth time|outage|week|ticket|incident|month|bug
            again and again
            keeps happening|breaking|failing|crashing
            every release|update|week|day|time
            still no answer|reply|response|fix|solution
            #|two|three|four|five|several|many|multiple times|weeks|months|tickets|emails
            over a|# year|years|month|months
            for weeks|months|ages
            asked|reported|complained ..3 twice|times|before|already|again
            """
        ),
        whole_message=True,
    ),
)
