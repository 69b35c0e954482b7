"""Notice given outright: the ways to say that a paid relationship ends, grouped by idea."""

from __future__ import annotations

from services.detector.domain.rules import Cue
from services.detector.domain.text.phrases import phrase_lines

LEAVING = (
    Cue(
        "formal_notice",
        3.4,
        phrase_lines(
            """
            hereby ..6 notice|terminate|cancel|end|withdraw
            we|i|company give|gives|giving|serve ..5 notice
            written|formal|# notice of|under|to|on|that
            as <our>? ..1 written|formal notice
            terminate|terminating for convenience|cause
            exercis* ..3 right to terminate|cancel|end|withdraw
            withdraw|withdrawing|resign|resigning from ..3 agreement|contract|service|subscription|deal
            notice of termination|cancellation|nonrenewal
            with effect from ..5
            """
        ),
        family="end",
    ),
    Cue(
        "not_carrying_on",
        3.4,
        phrase_lines(
            """
            will|shall|would|are|am|is|be|to|wish|wishes not ..1 be? carry|carrying on
            will|shall|would|are|am|is|be not ..1 be? going|go on with|after|past|beyond|for
            will|shall|are|am not ..1 be? staying|stay $
            not staying|continuing|carrying_on|extending|signing
            will|shall not ..1 be? taking|take up ..2 option|offer|renewal|second|next
            no from us|me|our
            not ..2 another|second|further|third|next year|term|season ..2 with
            no further|more use|need of|for <our>|you
            will|do|does not need|want|require|be_needing|be_using ..4 any_longer|any_more|anymore
            nothing|no_more|no_further ..3 be? invoiced|charged|billed|invoices|charges|payments
            """
        ),
        family="end",
    ),
    Cue(
        "chose_another",
        3.4,
        phrase_lines(
            """
            go|going|gone|went|take|taking ..1 different|another|separate|other way|direction|route|road
            went|gone|going|go|signed|signing|chosen|settled|decided with|on|for someone|somebody|something|
                another|cheaper|a_cheaper|a_different|the_competition|a_competitor
            found|picked|chose|chosen|selected|bought|buying something|someone|somebody|another ..1 else|
                better|cheaper|supplier|<vendor>
            picked|chose|chosen|selected|approved|appointed another|a_different|a_new|the_other <vendor>
            moved|moves|moving|move|switched|put ..2 everyone|everything|everybody|us|all|teams ..1 onto|to|
                over|
                on ..1 <named>
            moved|moving|move ..2 onto|to|over_to <named>
            signed ..2 with ..2 competitor|competitors|rival|someone|another
            already have ..2 system ..4 ours|yours
            """
        ),
        family="going",
    ),
    Cue(
        "decided_to_end",
        3.4,
        phrase_lines(
            """
            voted|decided|agreed|resolved|elected|instructed|told ..4 to drop|leave|end|quit|part|finish|
                discontinue|let_you_go|replace ..3 you|your|it|this|product|service|contract|subscription|
                platform|tool|ways|company
            part|parting|go company|ways|our_separate_ways
            time has come|now ..3 to part|leave|say|move_on|go
            ours|yours|it|this has|have to go by|in|at|next|this|before
            dropping|replacing|ditching you|your|this_tool|the_product
            """
        ),
        family="end",
    ),
    Cue(
        "last_time",
        3.2,
        phrase_lines(
            """
            final|last ..1 term|year|season|month|quarter with you|your|us
            our|my last|final payment|month|term|year was|is|will|with
            make sure|certain ..2 not another|more
            <deal> ends with|at|after the current|this
            data|records|history|out ..1 out by|before the|end|#
            """
        ),
        family="going",
    ),
    Cue(
        "closing_down",
        3.2,
        phrase_lines(
            """
            closing|shutting|close|closed|folding ..2 doors|shop|store|business|practice|office|company|
                studio|
                school|down for_good|permanently|in|so|and|by|at|after|this|next|end|$
            ceas* trading|operations|business
            going|gone out of business
            winding|wind up|down ..3 company|business|firm|charity|<deal>
            """
        ),
        family="going",
    ),
    Cue(
        "stop_the_renewal",
        3.4,
        phrase_lines(
            """
            turn|switch|turning|switching|take ..1 off ..4 renewal|renew|renewing
            stop|disable|remove|end|deactivate ..4 renewal|renewing
            do not|never bill|charge|invoice|renew ..1 us|me|again|after|next
            get|getting|gets out of ..2 plan|contract|agreement|deal|subscription|it|this
            ^ then|please|just|so? shut|close|wind it|this|everything|all ..1 down
            i am out $
            shut|finish|scrap|kill|wind_up ..2 account|subscription|workspace|plan|membership
            account|workspace|subscription|plan|membership can|may|should|could ..1 be closed|canceled|ended|
                deleted|shut
            """
        ),
        family="end",
    ),
    Cue(
        "only_asking",
        -2.6,
        phrase_lines(
            """
            just|only|merely|purely|simply asking|gathering|curious|wondering|checking|information|for
            for our files|records|information|overview|review
            cost|budget|vendor|spend review|overview|exercise
            wants|want|asked|needs ..2 overview|summary|list
            in case we|i
            if we|i ever|decide|decided|should|were|had
            """
        ),
        whole_message=True,
    ),
    Cue(
        "on_condition",
        -3.2,
        phrase_lines(
            """
            if|unless ..2 it|this|that|things|you|nothing|they ..1 not|is_not|are_not ..8 will|would|shall|
                have_to
            if nothing|this|it|things ..1 changes|improves|continues|goes|happens|stays ..6 will|would|have_to
            or else
            otherwise we|i|they|he|she will|would|shall|have_to
            """
        ),
    ),
    Cue(
        "other_direction",
        -4.0,
        phrase_lines(
            """
            make|let|have|making it|them|this go|run|work|sync|scroll|turn|read
            other way too|also|round|around|as_well|back
            both ways|directions
            """
        ),
    ),
    Cue(
        "another_ending",
        -4.0,
        phrase_lines(
            """
            notice|banner at|on the top|page|board
            notice period of our
            tenant|tenants|patient|patients|pupil|pupils|subcontractor|employee|employees|landlord|lease|
                client
            payment run|batch
            out by one|a_cent|#
            closing|closed for|over christmas|easter|holiday|holidays|summer|the
            """
        ),
    ),
)
