"""Wishes for the product: the ways people ask for what is not there, grouped by idea."""

from __future__ import annotations

from services.detector.domain.rules import Cue
from services.detector.domain.text.phrases import phrase_lines

WISHING_GROUPS = {
    "ui": """app list table form report page screen calendar export import system board dashboard search
        editor chat inbox widget map timeline menu reminder reminders notification notifications label
        labels portal bot template templates field fields column columns view views website software tool
        program diary schedule planner sidebar toolbar interface api editor exports emails texts sms alerts
        alert printout summary graph chart letters forms reports invoices quotes""",
    "does": """show shows showed see sees let lets can could only work works worked does do know knows
        open opens read reads say says tell tells go goes expire expires copy copies push pushes move moves
        remember remembers warn warns print prints send sends lock locks hide hides""",
    "joy": """relief blessing godsend lifesaver dream timesaver help treat boon pleasure lifeline win
        improvement addition plus bonus""",
}

WISHING = (
    Cue(
        "joy_of_it",
        3.0,
        phrase_lines(
            """
            would|will be ..2 a|an|such_a|some ..1 <joy>
            would be ..3 <joy> ..2 if|to|for|when
            would make my|our|everyone|everybody|the ..1 day|monday|week|life|lives|job|year|morning|team
            would save|spare us|me|them|my|our|everyone
            would|could kill|die|beg for
            would be so|very|really good|welcome|useful|nice
            would ..1 love a|an|some|the|one|your|to_be_able|it_if|something
            half|most|much of ..3 would be gone|easier|unnecessary|saved
            would|will make|save ..3 difference|hours|time|work
            would be ..2 saver|timesaver|gain|plus
            would be so|much|so_much better|nicer|handier|easier|handy|useful|helpful|good
            would help ..1 a_lot|us|me|enormously|immensely|tremendously|my|our|everyone
            would ..1 love
            """
        ),
        family="nice",
    ),
    Cue(
        "if_it_could",
        2.8,
        phrase_lines(
            """
            if the|it|your|there|only|this|one ..3 could|had|was|were|let|allowed|showed|would ..8 would
            if the|your|this ..1 <ui> could|had|let|allowed|showed
            wish|wishes|wishing ..1 the|it|there|your|this|i|we|you ..4 had|was|were|could|would|did
            like|want|love|need it|the|your|this ..1 <ui> to
            like|want|love it to warn|show|tell|remember|send|open|let|be_able|do|skip|print|move
            would|could it be an? ..1 idea|thought to
            could|would the|your|this|our|my ..2 <ui> <does>|come|be_sorted|be_black|have|start|stop|
                skip|go|be_made|include|say|also|not|scroll|stay|block|appear
            could|can you ..1 make it so
            wish|wishes|wishing ..4 could|had|would|were|did
            wish the|your ..2 <ui> ..3
            could people|users|one|others|somebody|customers|clients|guests|everybody
            could the|your|our|these ..2 <ui> ..1 be
            ^ could <ui> ..1 be
            could|can|would you ..1 offer|open_up
            could|can you show|display|highlight a|an|the ..8 when|if|next|beside|instead|whether|who
            make it so that|the|it|we|they|i|fitters|people|users
            could|can that|this|it be made possible|an_option|optional
            can|could the|your|each ..1 <ui> ..2 rather|instead
            """
        ),
        family="wish",
    ),
    Cue(
        "just_a",
        2.8,
        phrase_lines(
            """
            ^ a|an|some|more ..6 please $
            ^ a|an dark|night|light|darker|black ..2 please
            small|little|tiny thing|one|ask|wish|request|suggestion a|an|the|dark|night|let|could
            nothing fancy
            suggestion|wish|idea|request from|of ..4 let|bigger|please|add|a|make
            please|pls warn|remind|alert|notify|highlight|remember|display|hide us|me|the|when|if|before|a|
                people
            please|pls let|allow ..3 be
            <part>|receipts|mode|view please $
            could|can we get|have ..6 when|if|that|which|per|for_each|for_every|whenever
            ^ let people|users|guests|customers|staff
            please|pretty let us|me|people|users|guests
            let us|people|users ..6 please
            please may|can|could we|i have|get
            may we|i please? have ..2 own|sub|our|more
            wishlist|wish_list item|entry|candidate
            vote|votes|upvote|voting for
            consider|think_about|please_consider letting|giving|allowing|offering|showing
            please think of|about
            you ought|should|need|might to? ..1 offer|let|have|support|add
            should be possible|doable|optional to
            there must|has_to|should|ought be ..1 an? easier|better|faster|quicker|simpler? way
            how about a|an|some|letting|the_option
            pay ..2 extra|money|more|well for a|an|something|it|that
            """
        ),
        family="named",
    ),
    Cue(
        "need_that_does",
        2.8,
        phrase_lines(
            """
            need|needs|want|wants ..4 that|which|who <does>
            we|they need|needs to see|know who|which|when|whether|what
            need|needs a|an|some|the ..3 button|switch|toggle|filter|option|setting|field|view|mode|undo|
                preview|reminder|badge|log|checkbox|link|column
            need|needs a ..6 switch|button|toggle|option|filter|view|mode
            a|the|some ..1 button|switch|toggle|option|view|filter|login ..1 that|which|to <does>|copies|
                pushes|
                puts|takes|shows
            ask|asks|asked|asking|begging|wonder ..1 if|whether ..6 could|can|may|might
            could|can ..1 guests|users|customers|people|agents|staff ..1 comment|log_in|choose|pick|set|select
            our|my own fields|columns|colors|labels|statuses|categories|templates|types|icons
            """
        ),
        family="missing",
    ),
    Cue(
        "asks_whether_planned",
        5.0,
        phrase_lines(
            """
            is|are ..5 planned $|to|that|at_all|any_time|soon|eventually|this_year|next_year|this_quarter|
                next_quarter
            is|are ..5 coming $|soon|ever|eventually|any_time|at_some|one_day|this_year|next_year|at_all
            is|are you|they ..1 planning a|an|to|on|for
            do|did you|they ..1 plan|intend ..1 to|on
            will there ..1 be ..5 at_some|some_day|one_day|someday|ever|eventually|in_future|in_the_future|
                any_time
            will there ever|eventually be
            will it|this ever|eventually|one_day|some_day
            will it|this ..1 be possible ..6 one_day|some_day|someday|at_some|eventually|in_future|
                in_the_future
            will you ever|eventually
            will you|they be adding|supporting|offering|releasing|launching|introducing
            know|idea|say|tell ..1 when you|it|this|that|there will|are|is ..3 support|supporting|offer|
                launch|add|adding|supported|come|coming|released|out
            when will you ..1 support|offer|launch|add|introduce
            is|are there going_to|gonna be a|an|any
            any|an eta|timeline on|for
            """
        ),
        family="plans",
    ),
    Cue(
        "when_will_it",
        2.8,
        phrase_lines(
            """
            is|are a|an|any|the|there ..4 planned
            support planned|coming
            when will ..5 supported|available|possible|coming|added|released|ready
            on the horizon|roadmap|cards|agenda|pipeline|radar
            in the works|pipeline|making
            is|are a|an|the ..4 option|version|view|mode|feature|integration|app|support coming|planned
            hope ..5 coming|come|comes|arrives|gets_added
            any thoughts|news|word on|about adding|opening|supporting|a|the ..3
            chance|hope|prospect of getting|seeing|having|adding|a|an
            see a chance
            """
        ),
        family="plans",
    ),
    Cue(
        "cannot_yet",
        2.7,
        phrase_lines(
            """
            no|without ..1 way|means|possibility|option|place of|to|for
            have|has|is|are no place|field|room|option for
            what ..3 missing|miss|lacking ..1 most|badly
            every|all|most other ..1 tool|tools|app|apps|system|systems|product|software ..3 can|has|have|
                does|lets
            <named> ..2 can|has|does|lets|have
            yours can_not|can|does|do not
            shame|pity|sad ..1 that? ..2 can|does|do not
            sorry that ..3 can|does|do not
            option|feature|setting|function ..3 not ..2 exist|there|available
            bugs|annoys|bothers|irritates me|us that|when
            drag|do|type|enter|change|move|copy ..5 by hand|manually|twice|one_by_one|one_at_a_time
            typed|entered|done twice|by_hand
            """
        ),
        family="missing",
    ),
    Cue(
        "by_hand",
        0.7,
        phrase_lines(
            """
            by hand
            one at a time
            one by one
            rather than
            without having to
            every time
            """
        ),
        whole_message=True,
    ),
    Cue(
        "about_terms",
        -0.9,
        phrase_lines(
            """
            agreement|contract|proposal|licenses|seats|renewal|term
            """
        ),
        whole_message=True,
    ),
    Cue(
        "favours",
        -3.2,
        phrase_lines(
            """
            copy|quote|receipt|invoice|refund|replacement|call|reply|answer|charger|cup please
            ^ a|an ..2 copy|quote|receipt|invoice|refund|call
            add|invite|remove|give|connect|enroll|enrol|transfer him|her|them|me|my_colleague|our_new ..4 to|
                in|into|from|on|rights|access
            bring|get|move|take ..2 people|users|team|colleagues|staff|them|us ..2 into|over|onto|on
            document|documents|certificate|paper|proof|evidence|report on|about|for|of that|this|it
            look|looking at|into it|this|that
            have|get|send ..3 invoice|receipt|copy|slides|pdf|statement|certificate|agenda
            let us|me in|know|have|speak|talk|meet|go|hear
            way in|into|back
            add ..2 to the|this|our ..3 list|thread|conversation|webinar|call|chat|ticket|email
            training|call|meeting|session|delivery|appointment ..2 on|friday|thursday|monday|earlier|later|to|
                instead
            done for me
            do that for me|us
            i am the owner
            for our|my account
            speak|speaking to|with
            if you could|can|would look|send|check|call|help|fix|tell|answer|reply
            before noon|lunch|monday|friday|the_weekend|tonight
            when|once it is|back|are back
            meet you
            come earlier|later|tomorrow|today
            arrive|delivered|parcel
            mistake in
            hear what
            from now on
            make it quick
            is spelled
            tickets go on
            view from my
            the fix
            would love it|this|that|you $|and|so|apparently|too|if_you_could|if_someone
            wish ..2 give|rate ..4 stars|star
            like|love|want it|them delivered|sent|merged|moved|port
            a|the reset
            somebody|someone to
            maintenance
            """
        ),
    ),
    Cue(
        "other_business",
        -1.6,
        phrase_lines(
            """
            trainees|temps|drivers|people|staff in as_well
            seats|seat|licenses|capacity|renewal|tier|add_on
            how it is|it_is sold
            extra and can
            when can we|i have
            pay|paying|invoice|invoiced|bill|billed ..3 yearly|monthly|annually|once|quarterly
            sending|going|signing up for|to longer
            heard about it
            as well $
            upgrade|upgrading
            """
        ),
    ),
)
