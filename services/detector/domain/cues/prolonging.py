"""The next period with us, told by the way, grouped by idea."""

from __future__ import annotations

from services.detector.domain.rules import Cue
from services.detector.domain.text.phrases import phrase_lines

PROLONGING = (
    Cue(
        "period_ends",
        3.0,
        phrase_lines(
            """
            our|my|the|this agreement|contract|term|subscription|plan|license|year|policy ..4 runs|run until|
                till|out|to
            our|my year|months|term|twelve_months|eighteen_months ..3 over|up|ends|end
            year with you ..2 over|up|ends
            intro|introductory deal|offer|period|price ..2 finishes|ends|over|runs
            what happens ..2 after|when|on ..3 year|term|months|366|period|contract
            """
        ),
        family="ends",
    ),
    Cue(
        "go_on_with_it",
        3.0,
        phrase_lines(
            """
            subsequent term|period
            offer|quote|price|proposal|order_form|terms ..3 for ..2 following|next|subsequent|coming|second|
                another
            offer|quote|order_form ..2 for another|the_same|the_next
            simply|just|it goes|go on
            so that it ..1 simply? goes on
            sign|signing on ..1 for ..2 another|#
            sign ..1 for? ..1 two|three|# years
            for two|three|# years ..3 instead|rather
            same as last|this year ..6 po|yes|order|send|please
            renewal ..2 letter|says|offer|is|quote|came|through
            approve*|approved ..4 renewal|another_year|extension
            """
        ),
        family="extend",
    ),
    Cue(
        "another_period",
        -3.5,
        phrase_lines(
            """
            certificate|certificates|passport|domain|token|book|books|library|license_plate|visa|permit|
                driving
            notice of|not ..2 renew*|renewal|nonrenewal|renewing
            non renewal
            copy of ..3 contract|agreement
            our|my ..1 members|customers|clients|tenants ..4 renew|renewal|contract|contracts
            letter that says what
            statement for
            stop paying|before
            """
        ),
    ),
)
