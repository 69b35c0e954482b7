"""Asking for what is not there: wishing, naming a request, asking whether it is planned, grouped by idea."""

from __future__ import annotations

from services.detector.domain.rules import Cue
from services.detector.domain.text.phrases import phrase_lines

REQUESTING_GROUPS = {
    "nice": """great nice awesome cool helpful amazing useful good perfect lovely wonderful fantastic
        handy neat brilliant better
        excellent super convenient sweet welcome best terrific ideal""",
    "make": """add implement support allow include introduce build enable provide bring integrate extend
        offer create develop
        incorporate expose""",
    "making": """adding implementing supporting allowing including introducing building enabling
        providing making having offering""",
    "way": """way option options ability possibility feature features setting settings button function
        functionality toggle shortcut mode""",
    "part": """mode theme feature features option options integration integrations support version button
        filter filters view widget
        widgets export import api webhook webhooks shortcut shortcuts field fields notifications search
        language
        languages tab tabs column columns menu settings setting toggle extension plugin permission
        permissions role roles
        format formats page bar icon calendar map sync login backup sort sorting layout tags templates
        template dashboard
        reactions passkeys sso macros app function font fonts size color colors undo folders folder
        playlist levels characters
        maps cards items characters weapons graphics""",
}

REQUESTING = (
    Cue(
        "would_be_nice",
        3.2,
        phrase_lines(
            """
            would ..3 <nice> ..2 if|to_have|to_be_able|to_see|to_get|when|to
            would be ..1 <nice> $
            <nice> if you|it|there|we|i|they|the|u ..2 could|would|was|were|had|can|added|add
            would make ..4 <nice>|easier|faster|better
            it|app|list|page|editor|you could use a|an|some|more
            support for ..6 would ..2 be <nice>
            <way> ..6 would ..2 be <nice>|appreciated
            would ..2 <nice> addition|feature|improvement|to_have
            would|will ..2 save us|me ..3 if
            would|will help ..3 if|to_have
            would benefit from
            would be ..1 appreciated ..2 if you could|can add
            be ..2 <nice> if ..4 add|added|could|had|was|were
            appreciate|appreciated if ..3 add|added|make|made|include|implement|could_add
            even better if|with
            """
        ),
        family="nice",
    ),
    Cue(
        "wish",
        3.0,
        phrase_lines(
            """
            wish ..1 i|we|you|it|there|they|the ..5 could|had|was|were|would|have|has|can|did
            wish for a|an|more|the
            wish list|wishlist
            if only i|we|you|there|it
            would ..1 love to have|see|get
            would|should ..1 love|like to see|have ..1 a|an|the|more|some|this|that|it|your
            would ..1 love|like a|an|more|some ..3 <part>
            would ..1 love|like to be able
            would love|like if
            would ..1 love|like it|this|that if|to ..1 support|have|include
            want|like|love to be able to
            really like is a|an|the
            not a bug ..3 wish
            looking forward to the day
            hoping|hope ..3 you|to|that ..2 will? add|support|see|implement|include|fix_and_add|bring
            """
        ),
        family="wish",
    ),
    Cue(
        "named_request",
        3.4,
        phrase_lines(
            """
            feature|enhancement|improvement request|suggestion|idea|proposal
            my|one|another|small|some|quick suggestion|idea is|for|to|would
            small|quick|another feature? request
            ^ suggestion|suggestions|request|idea|proposal
            would|like|want|to ..1 suggest|propose|recommend ..1 adding|to|that|a|an|the|you
            my request let|is
            missing feature|features|functionality
            type feature request
            idea for you
            feature i|we ..3 miss|missing|need|want|love|like
            on the|your ..1 roadmap|backlog|wishlist
            put ..2 on the list
            hint hint
            # for multi
            describe the solution|feature
            solution you would like
            """
        ),
        family="named",
    ),
    Cue(
        "please_add",
        2.8,
        phrase_lines(
            """
            please|pls|kindly ..1 <make> ..8 <part>
            please|kindly ..1 add|implement|introduce|support|include|bring|build|allow|enable|consider
            could|can|would|will you|we|u|they|it|developers ..3 <make> ..7 <part>
            could|can|would|will you|u|guys|they ..2 add|implement|introduce|make_it_possible|consider|
                allow|support
            could|can the|this ..2 include|support|have|show|allow
            could|can there be ..2 a|an|some|easier
            can we get|have a|an|some|the|two ..5 <part>
            you ..1 mind <making>
            please|kindly let us|me|users|people|the ..1 <part>?
            please|kindly make ..5 resizable|optional|configurable|possible|customizable|available|bigger|
                smaller|bigger|easier|it|an
            could|can you make ..5 resizable|optional|configurable|possible|customizable|available|bigger|
                smaller|collapsible|editable|sortable
            add|adding more|a|an|the|some ..4 <part>
            ^ add|allow|enable|implement|expose|introduce|provide|support a|an|the|new|more|for|option|
                support|ability|specifying|configuring|multiple|custom|better
            more ..2 <part>|levels|options|languages please
            need|needs more ..1 <part>|languages|levels|options|content|updates|update
            hope ..1 you can make|add
            <make> ..2 <way> to|for|of
            consider <making>|a|an|the
            think|thought about|of <making>|a|an
            """
        ),
        family="add",
    ),
    Cue(
        "there_should_be",
        2.8,
        phrase_lines(
            """
            there|it|app|you|they should|could|must|needs_to ..1 be|have|offer ..2 a|an|some|more ..1 <way>
            should ..2 have ..2 a|an|the|more|some ..3 <part>
            should be ..2 able to
            should be ..2 <way>|possible|configurable|optional|customizable
            you|they|developers should ..2 let|add|allow|make_it|include|support|implement|offer|consider
            needs|need|lacks|lack|require|requires|missing ..2 a|an|the|more|some ..2 <way>|<part>
            needs|need|lacks|lacking|lack ..2 dark|offline|better|more|an? ..1 <part>
            need|needs|want|wants a|an|the|some ..2 <way> to|for|of
            need|needs the ability to
            should add|include|support|allow
            should give|let us|me|users|people
            an option|ability|possibility to|for|of ..5 needed|missing|great|nice|helpful|required|useful
            a|an ..3 <way> ..6 would|could ..3 help|solve|<nice>|welcome|save|make
            being able to ..8 would|could
            should|could start|show|remember|display|support|allow ..3 on|the|for|last|when|more|my
            <make> support for
            would|could solve our|my|the|a problem|issue
            ideally ..4 would|could|should
            would ..3 make sense to
            would be ..3 welcome
            showing|having ..5 would help|be|make|save
            """
        ),
        family="should",
    ),
    Cue(
        "plans_for",
        2.8,
        phrase_lines(
            """
            any|are_there|is_there|have|there ..2 plans|plan|chance|intention|intentions|possibility|
                timeline|eta ..2 to|of|for|on ..4 <make>|<making>|<part>|get|getting|bring
            any|have ..2 plans|plan|intention to|for|of
            do|are you plan|planning|intend|thinking|intending to|on|of ..2 <make>|<making>|bring|release|a
            will you ..1 <make>
            will you ever
            will there ..1 be a|an|any ..3 <part>
            is it ..1 planned|possible to ..1 <make>
            is it|this on ..2 roadmap
            when will ..8 get|have|support|be_able|come|available
            when ..1 are you ..1 adding|going_to_add
            have you thought|considered ..1 about|of|adding|making|a
            how about letting|adding|making|having
            what about adding|a|an ..2 <part>
            would not it make sense
            any chance
            """
        ),
        family="plans",
    ),
    Cue(
        "not_there",
        2.6,
        phrase_lines(
            """
            why is|are there ..1 no|still_no
            still no ..3 <part>
            there is|are ..1 no|not ..2 <way>|<part>
            no <way> to
            only thing ..3 missing|miss|lacking|lacks|want|need|wish
            one|only|main thing ..2 missing|miss|lacking|lacks
            what is missing is|for
            thing i miss is
            i|we miss ..2 the|a|an|being ..2 <way>|<part>|able
            does|do not ..1 have ..2 a|an|the|any ..2 <way>|<part>
            does|do not ..1 support|allow|offer ..4 yet
            can not ..6 please ..2 <make>
            pity|shame|sad|too_bad that|there|it|one|you ..4 not|no|can_not
            can not go live ..3 without
            lack|lacks|lacking a|an|the ..3 <part>|comparison|<way>
            would|could ..6 <way> that|which|where
            every competitor|other_app|other_tool ..4 lets|has|have
            others|other_apps|competitors have|has|let ..2 built|this|it|that
            could not find ..3 built
            pay|paid ..1 extra|more for a|an ..4 <part>|dialer|built
            five|5|4|four stars ..1 if|when|until ..8 add|added|had|could|more|include|option|support
            would give ..4 stars|star if|when|with ..6 add|added|had|could|more|option|support
            miss|misses|missing some|many|few|two|three|basic|critical ..2 features
            still waiting for|on ..3 <part>|localization|support
            only thing better would
            how about letting|adding|giving|making|having
            can|could it be built|added|implemented|supported
            my team|users|customers|colleagues keeps|keep asking for
            sorely|badly|desperately|really needed|need|needs a|an|dark|offline|better|to
            badly|sorely needed
            at the moment|currently|right_now ..8 would|could
            more|additional than|languages|options|customization|levels|themes|features please
            """
        ),
        family="missing",
    ),
    Cue(
        "idea_words",
        0.7,
        phrase_lines(
            """
            instead of
            in the|a future|next update|version|release
            next|future update|version|release
            copy|do|print ..2 by hand
            manually
            save ..2 hours|time
            roadmap
            suggestion|wish|feature_request|enhancement
            """
        ),
        whole_message=True,
    ),
    Cue(
        "asks",
        1.0,
        phrase_lines(
            """
            could|can|would|should|may
            please|kindly
            like|love|wish|want|hope|hoping
            instead of
            why is|are|can|do|does
            missing|lack|lacks|impossible
            suggestion|idea|wishlist|possible|option|automatically
            """
        ),
        hint=True,
        family="hint",
    ),
    Cue(
        "needs",
        1.8,
        phrase_lines(
            """
            we|they|i|team|users|it|app need|needs|require|requires
            could|can the|a|an|this|our|it|each|every
            if|whether the|it|we|they|there could|can|would
            let us|people|me|users|customers|agents
            make it
            no|any way|option|place|field|button
            there should|must|ought|could
            when will|can|could
            would be|save|help|make
            pay ..3 for
            """
        ),
        hint=True,
        family="hint",
    ),
)
