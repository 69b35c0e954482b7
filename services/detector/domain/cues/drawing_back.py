"""Risk between the lines: ultimatums, second thoughts, shrinking, ways out, grouped by idea."""

from __future__ import annotations

from services.detector.domain.rules import Cue
from services.detector.domain.text.phrases import phrase_lines

DRAWING_BACK = (
    Cue(
        "ultimatum",
        3.0,
        phrase_lines(
            """
            if|unless ..8 we|i ..1 will|would|may|might|am|are have_to|need_to|be_forced|consider|
                considering|look|looking|leave|leaving|cancel|canceling|switch|switching|move|reconsider|
                gone
            if ..4 not|never ..1 fixed|resolved|solved|sorted|improved|improve|addressed|change ..8 will|
                would|may|might|going|have|am|are
            if ..1 stays|continues|keeps ..8 not|leave|look|cancel|switch
            if ..2 can not ..6 considering|consider|leaving|moving|cancel|leave|switch
            if|unless ..6 have to look|leave|cancel|reconsider|move|find|go|switch
            or ..1 i|we ..2 leave|cancel|go|switch|look|walk|are_out
            why ..1 i|we should|would not? stay|leave|keep|remain|go|switch
            may|might|could need|have to reconsider|rethink|look|leave|cancel|move|switch|go|find|change
            may|might|could switch|leave|cancel|move|look|go ..2 to|elsewhere|another|our
            """
        ),
    ),
    Cue(
        "reconsidering",
        3.0,
        phrase_lines(
            """
            reconsider*|rethink*|reevaluat*|re_evaluat*|reassess* ..4 <deal>|relationship|options|you|
                whether|our|using|partnership|vendor|vendors|choice
            on the fence
            second thoughts
            not sure|certain|convinced ..4 stay|staying|keep|continue|continuing|renew|right|fit|getting
            whether ..2 to|we|i ..1 keep|stay|continue|renew|leave|picked|made|chose
            if we should ..1 keep|stay|continue|renew|leave
            do not see us|me|ourselves staying|continuing|renewing
            under review
            whether|wonder|wondering|wonders|doubt|not ..5 right vendor|choice|tool|product|decision
            what ..3 happen|happens ..4 not continue|leave|left|cancel|canceled|stopped|end
            seriously questioning
            """
        ),
    ),
    Cue(
        "shrinking",
        2.6,
        phrase_lines(
            """
            pause|pausing|suspend|freeze|hold ..3 subscription|account|plan|billing|contract|membership
            reduce|drop|dropping|fewer|cut|remove|lower|decrease|less ..4 seats|licenses
            layoffs|redundancies|downsizing|downsized|let_go
            laid off
            only need|a ..3 third|half|fraction|quarter of
            gets|being|is wound down
            since ..2 merger|acquisition
            hiring freeze
            """
        ),
    ),
    Cue(
        "champion_gone",
        2.6,
        phrase_lines(
            """
            championed ..6 leaving|left
            i am leaving|moving_on|departing ..4 company|job|role|firm|organization
            <our> new ..2 vp|cto|ceo|cfo|cio|coo|head|director|boss|manager|lead|leadership ..4 used|
                prefers|wants|likes|favors|puts
            my|our last day at|here|in
            """
        ),
    ),
    Cue(
        "no_fit",
        2.4,
        phrase_lines(
            """
            does|do|is|are|did not ..2 fit|suit|meet|working ..2 how|for|our|my|us|needs|expectations
            not the? right tool|product|fit|solution|platform
            not for us|me
            build|built|do|developed|develop ..2 ourselves|in_house|internally
            easier for us to build
            gap|gaps between
            not working|worked out for us
            """
        ),
    ),
    Cue(
        "way_out",
        2.2,
        phrase_lines(
            """
            locked in
            lock in period
            exit clause
            contract break|breaks
            refund ..6 not use|month|months|year|remaining|unused|subscription|annual
            export|download|extract|backup ..1 all|our|my ..2 data|history|everything ..4 format|other|
                leave|move|another|before
            how ..5 get|take ..3 data out
            minimum term|contract
            """
        ),
    ),
    Cue(
        "slow_support",
        1.2,
        phrase_lines(
            """
            still no answer|reply|response
            no answer|reply|response after|for|in
            response times
            never answer|reply|respond|hear|heard
            nobody|no_one answers|replies|responds|helps
            sent|passed from one
            basics do not
            breaks something
            """
        ),
        whole_message=True,
    ),
    Cue(
        "praise",
        -1.5,
        phrase_lines(
            """
            love|loving you|it|your|this
            best tool|software|product|service|decision
            saved me|us
            thanks to you
            all good|fine
            worth every
            works great|well|perfectly
            """
        ),
    ),
    Cue(
        "speaks_of_doubt",
        1.0,
        phrase_lines(
            """
            options|others|alternatives|compare|compared|comparing|comparison
            budget|cost_review|costs|savings
            decide|decision|deciding|undecided|unsure
            not ..2 used|using|use|sure|logged
            notice|fee|term|exit
            manager|management|board|director|finance ..4 ask|asks|asked|asking|wants|whether|if|questions
            export|archive|download ..4 everything|history|all|complete|whole
            """
        ),
        hint=True,
        family="hint",
    ),
)
