"""What support people offer, to which a yes means a kind: see `domain/agent_replies.py`."""

from __future__ import annotations

from services.detector.domain.rules import Cue
from services.detector.domain.text.phrases import phrase_lines

OFFER_CANCEL = Cue(
    "offer_to_cancel",
    3.4,
    phrase_lines(
        """
        <shall> ..5 cancel|close|terminate|end|deactivate ..5 account|subscription|plan|contract|workspace|
            membership|it
        <shall> ..5 stop|end|switch_off|turn_off ..5 renewal|subscription|contract|billing
        i|we can|could|will cancel|close|terminate|end ..5 account|subscription|plan|contract|workspace
        confirm ..8 cancel|close|terminate|end|cancellation|closure ..4 account|subscription|plan|contract|it
        """
    ),
)
OFFER_PLAN = Cue(
    "offer_more",
    3.2,
    phrase_lines(
        """
        <shall> ..6 upgrade|move_you|switch_it_on|turn_it_on|trial|try_it|activate|enable|quote|price|prices
        <shall> ..6 include|includes|included|costs
        add_on|addon ..8 #
        add on ..8 #
        <upper>|plan|package|tier|edition|module|feature|option|version|storage|allowance ..8 # ..1 a|per|
            each|extra|more
        # ..1 a|per|each ..3 month|year ..6 <upper>|plan|package|tier|edition|module|feature|storage|limit
        lift|move|bump|switch|raise|put|upgrade|take|change you|your|it|this ..4 to|on|onto <upper>|next|
            bigger|larger|higher
        raise|lift|increase|double the|your ..2 limit|allowance|quota|cap|storage
        trial
        moves|moving|go|up to <upper>
        next|bigger|larger|higher|upper plan|tier|package|edition|level ..4 comes|has|gives|includes|holds|
            offers|allows|brings
        """
    ),
)
OFFER_PRICE = Cue(
    "offer_price",
    3.2,
    phrase_lines(
        """
        # ..1 a|per|each|every month|year|week|agent|client ..2 more|extra|on_top|or|and|with|from|for|no
        # ..2 on top
        # monthly|yearly
        pack|bundle|package|module|addition of|with|is|costs|for ..4 #
        """
    ),
    family="offer_more",
)
OFFER_RAISE = Cue(
    "offer_raise",
    5.6,
    phrase_lines(
        """
        # ..2 more|extra a|per|each|every month|year|week
        # ..1 a|per|each|every month|year|week more|extra|on_top
        """
    ),
    family="offer_more",
)
"""Heavy enough to outweigh that a number with "more" is mostly one of seats."""
OFFER_SEATS = Cue(
    "offer_seats",
    3.8,
    phrase_lines(
        """
        <shall> ..6 seats|licenses|users|branch|workspace|site
        # ..2 seats|licenses|users|people ..8 #
        #|<many> more ..6 is|are|cost|costs|at|for|would
        each extra|additional|further|new seat|user|license
        <further> ..1 <unit> ..3 is|are|costs|cost|at|for|adds|would ..2 #
        """
    ),
)
OFFER_TERM = Cue(
    "offer_term",
    2.6,
    phrase_lines(
        """
        <shall> ..6 renew|renewal|extend|another_year
        # years|year|months ..6 discount|off|price|rate|per|under
        renewal ..8 #|same|price|unchanged|quote|attached
        another|two|three year|years ..6 price|discount|rate|same|off
        """
    ),
)
OFFER_START = Cue(
    "offer_start",
    2.4,
    phrase_lines(
        """
        <shall> ..6 kick_off|kickoff|onboarding|training_session|set_up_call|first_call|go_live
        <shall> ..6 kick off
        when|which day|date|time ..6 kick_off|kickoff|onboarding|training|go_live
        when|which ..4 kick off
        """
    ),
)
OFFER_ANOTHER = Cue(
    "other_offer",
    -4.0,
    phrase_lines(
        """
        meeting|appointment|import|order|orders|booking|certificate|token|password|refund|invoice
        shall|should|could|can|may we|i ..1 look|check|go ..1 at|into|over|through
        """
    ),
)
