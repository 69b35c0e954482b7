"""An interest in paying for more of the product, told by the way, grouped by idea."""

from __future__ import annotations

from services.detector.domain.rules import Cue
from services.detector.domain.text.phrases import phrase_lines

PAYING_MORE_GROUPS = {
    "pack": "plan package tier edition add_on addon module bundle",
    "extra": """sso saml scim api audit_log analytics sandbox sms forecasting forecasts premium enterprise
        single_sign_on audit_logs phone_support priority_support custom_domain white_label reporting""",
}

PAYING_MORE = (
    Cue(
        "which_plan_has",
        3.0,
        phrase_lines(
            """
            which|what ..1 <pack> ..2 would|has|includes|gives|fits|fit|unlocks|comes|suits ..4 need|
                fit|more|that|with|for|#|us|it|those|them
            which|what <pack> would|do|should ..1 we|i ..1 need|take|choose|be_on
            is ..1 there ..1 a|an <pack> ..3 with|for|between|above|that|where
            what else ..1 have|do you ..1 got|offer|have
            next|bigger|larger|higher|upper <pack>|size|bracket|step|one ..1 up|please|cost|is|be|and
            step|steps|jump|difference|uplift ..1 up? ..1 in ..1 price|cost|euros|dollars|money
            what|how_much ..2 is|would|would_be ..2 step_up|jump|uplift
            comes|come ..1 only? with <tier>
            <tier> ..1 only
            only|just ..1 in|on|with|part_of <tier>
            that is in <tier>
            not in|part_of our|my|the <pack>
            we are|am ..1 only? on <tier>
            go|move|moving|get|take|taking|switch|upgrade us|me|our|from|up ..3 to|from ..4 <upper>
            moving|going|go up a <pack>
            """
        ),
        family="plan",
    ),
    Cue(
        "price_of_extra",
        3.0,
        phrase_lines(
            """
            what|how_much ..2 would|does|do|is|are ..3 <extra>|<upper>|<pack> ..3 cost|costs|be|add|extra|
                per_month|a_month
            cost|price|prices|quote|offer|datasheet|pricing ..2 for|of|on ..2 <extra>
            quote|price ..1 us? ..3 <upper>|<extra>
            with ..2 <extra> ..3 cost|price|quote|be
            can|could ..2 be booked|bought|ordered ..1 on_top|separately|in_addition
            pay|paying extra|more for
            paid thing|extra|add_on ..2 fine|ok|how
            do not mind ..1 the|paying|spending price|more|extra
            happy|glad|willing|ready|up to|for pay ..2 for|more|extra
            want|like|need|love ..2 <extra> ..6 price|cost|quote
            price please|pls
            if it does not cost the earth
            trial|try ..6 for|it ..2 weeks|month ..8 buy
            """
        ),
        family="price",
    ),
    Cue(
        "outgrown",
        3.0,
        phrase_lines(
            """
            hit|hitting|reach|reached|reaching|exceed|exceeded our|my|the|your ..1 limit|ceiling|quota|cap ..4
            run|running|ran out of ..3 data|storage|space|credits|contacts|minutes|automations|workflows
            outgrown|outgrew|outgrow|outgrowing ..3 plan|package|tier|starter|basic|free
            # of # ..1 contacts|credits|automations|workflows|emails|gb|records
            used all|up ..3 of your|our|the|my|this ..1 plan|quota|contacts|storage|credits
            need ..2 more ..1 storage|contacts|credits|data|capacity|volume|workflows|automations
            has done its job
            """
        ),
        family="more",
    ),
    Cue(
        "take_the_bigger",
        3.0,
        phrase_lines(
            """
            let us|me go|take|get|do for|with? the|a ..2 #|bigger|larger|faster|next|premium|one
            lets go for ..2 #|bigger|larger|next
            take|taking|get the upgrade|bigger|larger|faster|premium|big
            switch me|us ..1 over|up
            move us|me ..1 up|please|$
            """
        ),
        family="upgrade",
    ),
    Cue(
        "not_buying",
        -3.4,
        phrase_lines(
            """
            just|only curious|wondering|asking
            not ..1 need|interested|now
            down to|from ..3 free|basic|starter|lower|smaller
            move|moving|go|going down
            cheaper|downgrade|lower ..1 plan|tier|package
            upgrade|upgraded|update ..3 phone|phones|firmware|postgresql|windows|os|ios|android|laptop|
                kernel|browser|php|python|node|software|to_the_new
            we|i already? pay|have for <tier>|<extra>
            error|bug|crash|fails
            pro forma
            """
        ),
    ),
)
