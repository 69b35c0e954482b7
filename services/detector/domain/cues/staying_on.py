"""A contract that goes on: the ways to speak of the next period, grouped by idea."""

from __future__ import annotations

from services.detector.domain.rules import Cue
from services.detector.domain.text.phrases import phrase_lines

STAYING_ON = (
    Cue(
        "another_period",
        2.7,
        phrase_lines(
            """
            another|one_more|next|second|third|new year|term|season|period ..6 cost|price|sign|invoice|offer|
                quote|paper|papers|paperwork|order
            sign|commit|signing|committing ..3 for|to ..1 longer|two|three|multi|several|# ..1 years?
            two|three|four|five|# years if|at|starting|from|with|and ..3 price|discount|hold|keep|start*|
                from|#
            longer ..1 term|commitment|contract|agreement
            month to month
            same again
            follow on agreement|contract|term|order
            better|lower|good rate|price|deal|terms if|for ..4 longer|commit|years|annual
            coming|next|new fiscal|financial|school|business year
            draw|drawing|drawn up ..4 papers|paperwork|contract|years|agreement|terms|it|renewal
            countersign ..6 term|agreement|contract|renewal
            new|next|second term ..2 on|in|to|starts|paper|sign
            """
        ),
        family="extend",
    ),
    Cue(
        "more_time",
        1.8,
        phrase_lines(
            """
            another|one_more|further|additional|second ..1 #|twelve|twenty_four|six? months|year|term|season|
                years
            """
        ),
        family="extend",
    ),
    Cue(
        "we_stay",
        2.6,
        phrase_lines(
            """
            carry|carrying|going|go|keep|keeping on ..3 with you|past|after|beyond|into|for_the|for_another
            intend|plan|mean|wish|like|happy|glad|decided ..1 to carry_on|go_on|continue
            stay|remain|staying with you|for ..4
            intend|plan|mean|wish|like|happy ..1 to carry|go on
            we|i are|am|will ..1 be? staying|continuing|stay|continue ..1 with|for|on|$|send|and|so
            confirm ..4 continue|stay|staying|continuing|carry
            hold|lock|freeze|fix|keep ..3 price|rate|prices|rates|terms
            approved|budget|board ..6 staying|stay|another|renew|continue
            need from us|me to keep|continue|go|carry|renew
            go ahead with another|the_next|a_second|the_new
            """
        ),
        family="extend",
    ),
    Cue(
        "period_up",
        2.7,
        phrase_lines(
            """
            year|term|contract|subscription|agreement|license|plan ..4 nearly|almost|about|soon|coming up|
                over|
                done|to_an_end
            year|term|contract|subscription|agreement|plan|license is|are|comes|come up|due
            contract|agreement|subscription|license|term lapses|lapse|ends|expires|runs_out|finishes
            days|weeks left|remaining|to_go
            anniversary date
            uplift|indexation
            offer|quote|price|prices ..4 for ..2 next|coming|following year|season|term|period
            roll|rolls|rolling on|over by|in|automatically|itself
            what ..4 next year ..3 cost
            what ..3 next|coming|another year cost|be
            time of ..1 year again
            """
        ),
        family="ends",
    ),
    Cue(
        "leaving_terms",
        -3.6,
        phrase_lines(
            """
            notice period|required|needed
            stop|stopping|end|leaving|leave|out ..2 early|before_the|before
            fee|penalty|cost|charge ..4 stopping|leaving|canceling|early
            cancellation|termination|exit
            how much notice
            cut|halve|freeze|slash
            not ..2 staying|stay|carry|carrying|go_on
            off|stop|disable ..3 renewal
            competitor|competitors|tender|rfp
            only|just asking
            """
        ),
        whole_message=True,
    ),
    Cue(
        "other_period",
        -4.0,
        phrase_lines(
            """
            passport|visa|permit|driving|driver|prescription|book|books|library|parking|identity|id|badge
            same again
            task|lease|passport|share|calendar|event|template|plate|imported|session|token|data
            notice period of our
            our employees|tenants|pupils|clients
            of|for a client|customer
            new leads|prospects
            """
        ),
    ),
    Cue(
        "certificate_matter",
        -2.5,
        phrase_lines(
            """
            certificate|certificates|tls|ssl|domain|domains|dns|guarantee|warranty|insurance
            passport|visa|driving_licence|driving_license|identity_card|library|prescription
            """
        ),
        whole_message=True,
    ),
)
