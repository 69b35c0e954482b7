"""The first steps with us, told by the way, grouped by idea."""

from __future__ import annotations

from services.detector.domain.rules import Cue
from services.detector.domain.text.phrases import phrase_lines

SETTLING_IN = (
    Cue(
        "just_joined",
        3.0,
        phrase_lines(
            """
            brand|completely|totally|quite new here|to_this|to_you|customer|customers
            we|i ..1 just|only|have_just|finally ..1 signed_up|registered|subscribed|
                created|came_over|started_with_you|switched_over|moved_over
            signed|sign ..2 contract|agreement|order ..2 on|last|yesterday|today|this|friday|monday|
                and
            signed the contract|agreement
            created|opened|set_up ..1 my|our|the|a ..1 workspace|account ..3 ago|today|yesterday|this|on|just
            as_of|since today|yesterday|monday|friday ..2 your|a ..1 customer|client
            as_a|i_am_a|we_are|we_are_a|i_am new customer|client|here
            paid|signed ..2 yesterday|today|sealed|deposit ..6 how|when|what|where|can_not|login
            we went with your|you
            went with your ..1 <tier>
            just|have come over from
            came over from
            left ..3 for you last|yesterday|this ..6 not|still|how|when
            become a|your customer|seller|member
            """
        ),
        family="joined",
    ),
    Cue(
        "where_to_begin",
        3.0,
        phrase_lines(
            """
            where|how do|should|shall|can|would ..1 we|i|one ..1 begin|start|do_first $
            best|right|smart|smartest order|way ..2 to|of ..2 set|start|begin|bring|import|get
            first steps with|in|as
            today is|it_is day one|our_first_day
            is day one
            now what $
            who|somebody|someone|anybody ..1 helps|
                help|walk|show|train|guide ..2 us|me|my|our|her|him ..6 through|over|set|start|started|
                bring|agents|how
            can|could|who ..4 train|trains our|my|the
            set|setting you|it|this|everything|us|things|that one|all? up ..4 for|before|office|team|today|how
            first|initial import|shipment|payroll|invoice_run|campaign ..3 with_you|we|where|i|and|is
            bring|bringing|move|moving|import|
                importing over? ..1 our|my|the ..2 old|existing|previous ..2 list|data|patients|
                customers|boards|records|contacts
            waiting|wait ..2 verification email|link
            """
        ),
        family="first",
    ),
    Cue(
        "before_the_start",
        3.0,
        phrase_lines(
            """
            before|until|when|once we ..2 go live|launch|start
            we|it go|goes live ..1 on|in|next|at|this
            going live ..1 on|in|next|this|tomorrow
            go live date|day|is|on|checklist
            kick off call|meeting|is|date|on|at|thursday|monday|tuesday|wednesday|friday
            kickoff call|meeting|is|date|on
            implementation partner|plan|project|team|phase|call
            admin|user|initial|first training ..2 on|session|before|for|in
            everything|all ready|prepared|running before|by|for ..3 start|season|launch
            our launch is
            """
        ),
        family="start",
    ),
    Cue(
        "somebody_elses_start",
        -4.0,
        phrase_lines(
            """
            new employees|hires|starters|employee|joiner|joiners|tenant|tenants|clients|guy|colleague|agents
            i am new at|in the|this company|team|firm|department
            new at the company
            onboarding ..1 checklist|flow|form|emails|mails|survey|template|sequence
            our|my own onboarding
            our onboarding
            years ago|for_years|two_years|since_20*
            expansion|rollout|phase|next_site
            profile picture
            a|the new ..2 phone|laptop|printer
            cancel|cancelled|canceled ..4 workshop|session|call|training
            """
        ),
    ),
)
