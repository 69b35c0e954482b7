"""What is asked or told and is no wish: questions how to, faults, favours, praise, grouped by idea."""

from __future__ import annotations

from services.detector.domain.rules import Cue
from services.detector.domain.text.phrases import phrase_lines

NOT_REQUESTING = (
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
