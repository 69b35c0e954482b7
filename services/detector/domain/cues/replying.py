"""What support people answer to a matter of each kind, and to another one: see `domain/agent_replies.py`."""

from __future__ import annotations

from services.detector.domain.rules import Cue
from services.detector.domain.text.phrases import phrase_lines

WISH_KEPT = Cue(
    "wish_kept",
    2.4,
    phrase_lines(
        """
        <kept> ..6 <wish>
        will|let_me note|log|record|file|raise|add ..1 it|that|this|yours|your ..4 for|with|to|down|as|idea|
            wish|vote|point
        put|putting you ..1 down|on
        use case
        <wish> ..5 <kept>|<passed>|with_product|with_the_product
        <passed> ..6 <makers>
        asked|told|asking|tell|telling the? <makers>
        tell|telling|told the|my|our team|colleagues|others
        writing|write|putting|jotting it|that|this|yours down
        with the? product|product_team
        on|to the|our|your|my ..2 <list>
        on|to the|our list
        <kept> ..2 on|to|in ..2 list
        feature request|suggestion|idea
        written|wrote|noted|jotted ..4 down
        <passed> it|that|this|yours|your_point|your_words ..3 on|along|up|over
        ^ <kept> $
        ^ <kept> with|for|as|to|thank|thanks
        <kept> your|yours|your_vote|one_more|another|plus_one|you
        wish of|from yours|you|several|many
        good|great|fair|nice|lovely|sensible|useful|neat|interesting|excellent|clever <wish>|point|thought
        popular|common|frequent|often_made <wish>
        not the first|only ..4 ask|wish|mention|request
        second|third|fourth|fifth|sixth|tenth|latest ..2 to|person|customer|one|who ..2 ask|asking|mention
        others|several|many|some|few ..4 asked|ask|asking|want|wished|requested ..2 for|this|that|the|it
        asked for|by ..1 a_lot|often|many|others|several
        let you know|tell_you when|if|once ..5 ships|released|built|comes|there|live|out|lands
        asked for ..4 to be
        """
    ),
    family="wish",
)
WISH_FILED = Cue(
    "wish_filed",
    5.0,
    phrase_lines(
        """
        as a|an|your|one|another ..1 wish|suggestion|idea|request|vote
        as wish|wishes|suggestion|idea
        a|the|your|this wish|suggestion|idea from|of|with|for you|yours|product|the
        to|with|for|by ..2 product team|people|manager
        to|with|for|by product now|and|as|this|today
        to|with product $
        <wish>|idea|wishes list
        wishlist|roadmap
        feature request
        vote|votes ..3 added|counted|on_it
        """
    ),
    family="wish",
)
"""Said of a wish and of little else."""
WISH_NOT_YET = Cue(
    "not_yet",
    1.2,
    phrase_lines(
        """
        not yet|today|supported|possible|available|built|planned
        not something ..3 yet|today|do|have|can
        can|does|do not ..5 yet|today|at_the_moment|at_present|right_now|currently
        no date|eta|timeline|plans|plan
        there is not ..3 yet
        is not there|one yet
        not on the? <list>
        only ..4 today|at_present|at_the_moment|for_now|so_far|currently|yet
        is not|are_not possible|supported|available|built_in
        ^ no $|not|only|there_is_no|just
        planned|planning|considering|looking_at_it ..5 for|this|next|in|to
        """
    ),
    family="wish",
)
IS_THERE = Cue(
    "is_there",
    -1.6,
    phrase_lines(
        """
        already can|possible|there|exists|does|have|in|supported|available
        you can already
        exists already
        ^ settings|open|press|click|go|tick|use|choose|reports
        under settings|account|billing|reports|profile|preferences|tools
        top|bottom right|left
        here you|it are|is
        here is
        my mistake
        that is a bug
        fixed
        attached
        try again
        resent
        """
    ),
    family="wish",
)
NO_WISH = Cue(
    "other_matter",
    -2.6,
    phrase_lines(
        """
        # ..1 a|per|each ..3 month|year|seat|user|head
        seats|licenses|add_on|addon|plan|trial|upgrade
        add on
        contract|agreement|renewal|term|proposal|quote|paper attached|sent|ends|runs
        refund|refunded|credited|credit_note
        """
    ),
)
SOLD = Cue(
    "sold",
    1.6,
    phrase_lines(
        """
        # ..1 a|per|each|every ..3 month|year|quarter
        # monthly|yearly|annually
        add_on|addon|add_ons|addons
        add on|ons
        module that|which|costs|is
        part of|only_in|included_in|included_with|comes_with ..4 <tier>|plan|package|tier
        included|comes|available|in|on ..4 <upper>|higher|next|bigger ..1 plan|tier|package|edition
        <upper> ..3 includes|adds|brings|has|costs|comes|for|plan
        from <upper> on|up|upwards
        upgrade|upgraded|upgrading
        trial|paid_feature|extra_charge|additional_charge
        switched|switch|turned ..2 on
        sales|account_manager|success_manager ..6 call|quote|prices|price|contact|touch|ring|reach
        """
    ),
)
SOLD_ELSEWHERE = Cue(
    "other_sale",
    -2.4,
    phrase_lines(
        """
        #|<many> ..1 more|extra|additional|new|further|another
        seats|licenses|users ..3 added|ready|waiting|attached|ordered
        included in every|all
        costs nothing
        no extra|additional charge|cost
        free of charge
        in every|all plan|plans
        renewal
        """
    ),
)
GROWN = Cue(
    "grown",
    1.5,
    phrase_lines(
        """
        #|<many> ..2 seats|licenses|users|people|logins|seat|accounts
        #|<many> more
        seats|licenses ..4 added|ready|attached|waiting|price|ordered|cost|available|free|at|for
        extra|more|additional|new|further seats|licenses|users
        per|each|a seat|user|head
        second|another|separate|new|own|two ..2 branch|branches|workspace|account|site|location|team|entity
        order form
        volume|bulk discount|pricing|price
        <further> ..1 <unit> ..3 is|are|costs|cost|at|for|adds|would ..2 #
        """
    ),
)
NOT_GROWN = Cue(
    "not_grown",
    -2.0,
    phrase_lines(
        """
        same number of seats
        seat is|gets freed|free
        password|reset|archive|settings|duplicate
        """
    ),
)
RENEWED = Cue(
    "renewed",
    1.4,
    phrase_lines(
        """
        renewal|renew|renews|renewed|renewing
        term ..4 ends|runs|starts|until|of
        contract|agreement|subscription ..4 ends|runs|until|extended|starts
        another|two|three|second|third year|years|term|months
        # years|months ..6 price|discount|off|per|under|rate
        same price|terms|rate|conditions
        next|new|coming year|term|period
        discount|uplift|index
        """
    ),
)
NOT_RENEWED = Cue(
    "other_renewal",
    -2.0,
    phrase_lines("certificate|token|domain|chain|password|settings|reports"),
)
BEGUN = Cue(
    "begun",
    1.2,
    phrase_lines(
        """
        kick off
        kickoff
        welcome aboard|to|on_board
        onboarding
        go live|going_live|day_one
        training ..3 session|call|on|for|slot|day
        first call|week|day|steps|import|session|month
        set up|setup call|session|meeting
        checklist|getting_started
        start with
        thirty|30|ninety|90 day review|check_in
        live on|by
        invitations|invites ..4 sent|again|run_out|expired
        """
    ),
)
ENDED = Cue(
    "ended",
    2.0,
    phrase_lines(
        """
        sorry|sad ..3 see you|lose|losing go?
        sorry|sad you are|that_you_are leaving|going|canceling
        canceled|closed|terminated|ended|stopped|cancel|close|end ..4 account|subscription|plan|contract|
            renewal|membership|workspace
        account|subscription|plan|contract|renewal|workspace|membership ..4 canceled|closed|ends|ended|
            stopped|terminated|will_end|will_close|runs_out|not_renew
        will|does not renew|be_renewed|be_charged_again
        automatic renewal ..2 off|stopped|canceled
        your notice|cancellation|termination
        cancellation|termination ..4 confirmed|recorded|processed|received|form|effective|attached
        what made you|us
        may|can|could i|we ask why
        hope ..2 see you again|back
        door ..3 open
        final invoice|bill|day
        data ..5 deleted|kept ..3 days|months
        """
    ),
)
NOT_ENDED = Cue(
    "other_end",
    -2.0,
    phrase_lines("meeting|appointment|import|order|orders|booking|card|test"),
)
WORRIED = Cue(
    "worried",
    1.2,
    phrase_lines(
        """
        may|can|could i|we ask what|why|who|which|how
        success|account manager ..8 call|glad|happy|ring|touch|talk|know|meet
        sorry to hear|read
        would it help|be_worth
        what would|could|can ..3 make|take|help|do
        review ..3 together|with_you
        notice is|period
        term ends|runs|is
        show you|your ..6 use|using|missing|change
        honest|frank|frankly|candid
        win you|that back
        """
    ),
)
