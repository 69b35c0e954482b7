"""Wishes told by the way: a lack that is named, a comparison, a thing that somebody else can do."""

from __future__ import annotations

from services.detector.domain.rules import Cue
from services.detector.domain.text.phrases import phrase_lines

ASKING_FOR = (
    Cue(
        "only_wish",
        3.0,
        phrase_lines(
            """
            my|our only|one|single|biggest|main wish
            what|thing|things|all|feature|features i|we ..1 do? ..1 miss|lack|really_need|really_want|want is|
                are
            only|one|main|biggest thing ..3 missing|miss|lacking|wish|want|change
            would|could be life changing|perfect|ideal ..2 if
            all i|we ..2 want|need|ask|miss ..4 is a|an|the|some
            would change one thing
            in an ideal|perfect world
            dream|dreaming of ..2 day|a|an|the|being
            missing piece|bit|link is
            you ..1 lack|lacks ..3 is
            what is|are ..1 missing ..1 is|are|for
            what would|might ..1 really help ..2 is|would
            gap ..3 named|is|was
            would be|make over the moon|the icing|the dream
            i|we would|could ..1 do with a|an|some|more
            would|could ..1 not mind|say_no a|an|some|seeing|having|to
            """
        ),
        family="wish",
    ),
    Cue(
        "let_it",
        2.8,
        phrase_lines(
            """
            let|letting us|people|users|customers|staff|them|everyone|guests|parents|teachers|admins ..1 pick|
                choose|set|hide|sort|filter|mark|turn|change|edit|approve|upload|pin|group|color|rename|
                reorder|switch|select|decide|define|assign|share|schedule|save|skip|export|search|see|add|
                mix|back_up|undo|duplicate|copy
            let|letting me ..1 pick|choose|set|hide|sort|filter|mark|turn|edit|approve|pin|group|color|
                reorder|undo|duplicate|mix|schedule|skip|highlight
            should ..1 be an? ..2 option|setting|way|button|switch|toggle|filter|choice|field|place
            should|ought|needs|must ..1 remember|show|tell|warn|remind|skip|sort|look|include|carry|
                reflect|appear|recognize|offer ..2 the|a|an|me|us|who|when|which|that|last|inside|my|by
            they|it|both ought to be
            could|can you make|get|have it|them|the ..5 by_default|optional|automatic|
                automatically
            could|can|would you ..1 please? ..1 build|develop|implement|introduce
            make it possible|so|easier|configurable|optional
            make the ..5 configurable|optional|adjustable|printable|customizable|sortable|searchable|bigger|
                larger|clearer
            could|would the|your|confirmation ..3 carry|include|contain|show|be_signed|be_sorted|be_split
            could ..3 be excluded|included|sorted|grouped|forwarded|highlighted|split|combined|
                hidden|shown
            can|could ..2 get ..2 grouped|sorted|a_digest|a_summary
            would|could solve|fix|spare|save ..2 it|this|that|us|me|everyone|every|everybody
            put|bring ..1 it|them back as|please
            """
        ),
        family="should",
    ),
    Cue(
        "stated_lack",
        2.8,
        phrase_lines(
            """
            have|has no|not_a ..2 button|switch|toggle|filter|field|place|setting|role|option|view|history|
                calendar|widget|search|sort|template
            there is|are|was no|not ..2 button|switch|toggle|filter|field|place|setting|role|option|view|
                history|undo|search|widget|shortcut
            no ..1 copy|undo|search|filter|sort|bulk|export|mute|snooze|duplicate|dark|offline ..1 button|
                mode|function|option|field
            no widget|api|app|integration|shortcut|shortcuts|offline_mode|dark_mode|bulk_edit
            no ..3 support in|for a|an|the
            is|are not offered|possible|supported|built today|yet|in|at_the_moment
            only lets|allows|shows|supports|exports|takes|offers|has|knows|works ..8 and|but|so|which|while
            only one|two fits|fit|allowed|step
            can ..8 but not ..4
            can ..4 but can not
            a filter|view|list for ..6 none|nothing for
            could not ..4 in|on|from the app|mobile|phone|tablet|web ..3 shame|pity|sadly
            is|it_is all or nothing
            either or
            # clicks to
            have|has to ..1 retype|copy|type|scroll|click|export|print|enter|do ..6 one_by_one|by_hand|
                separately|line_by_line
            we|i|he|she|they|staff|everyone retype|copy|type|re_enter|key|paste|scroll|print ..6 each|every|
                again|twice|by_hand|into|one_by_one
            every|each day|morning|night|week|month|sunday|monday|friday|time ..3 i|we ..2 type|retype|
                copy|print|paste|scroll|export|count|enter|drag
            by hand ..3 today|now|at_the_moment|right_now|every|each
            currently|right_now|at_the_moment|today|so_far|atm ..2 i|we ..1 have_to? copy|print|
                type|paste|drag|do|export|keep|use|retype|write|enter
            until ..3 there is ..2 a|an|some|way
            until|unless ..4 a|an|some way|setting|option ..1 to
            """
        ),
        family="missing",
    ),
    Cue(
        "others_have_it",
        2.8,
        phrase_lines(
            """
            everyone|everybody else|other ..1 has|does|offers|lets
            <named>|toggl|notion|asana|monday|google|outlook|excel|teams|whatsapp ..2 does|has|had|lets|let|
                can|could|did ..4 this|that|it|the|a|when|you|me
            on|in|with|over <named>|notion|asana|monday|toggl|outlook|excel ..1 i|we|you could|can ..8
            old|previous|former|last|other tool|system|app|program|vendor|software|supplier ..2 before? did|
                had|has|could|sent|let|showed|does
            like|the_way <named>|notion|asana|monday|outlook|google|facetime does|has
            reason ..3 still keep|use ..3 old|other ..3 is
            """
        ),
        family="missing",
    ),
    Cue(
        "pass_it_on",
        2.6,
        phrase_lines(
            """
            note|count me|us|it|that|this ..2 as|down|in ..2 wants|want|vote|interested|wish|request
            may|can|could i|we ..2 suggest|propose
            i|we would ..1 suggest|propose
            proposal|proposed|suggestion|suggestions|feedback|enhancement|feature|idea from|a|an|keep|allow|
                make|for|let|add
            roadmap for|this|next year|quarter|it
            will|would|are you ..2 be? adding|add|offering|offer|supporting|support|bringing|building|
                introducing ..4 one_day|some_day|soon|ever|eventually|later|this_year|any_time
            if you ever have|find|get ..1 time|a_moment
            if you could|can one|some|ever day|time|make|build|add
            one day|someday make|add|build|let|support|get|have
            asks|ask|asked|request|requests|requested|want|wants ..1 whether|if|for ..6 could|can|may|also|
                as_well
            staff|drivers|nurses|teachers|parents|students|installers|mechanics|engineers|
                admins|crew want|wants|request|ask ..2 to_see|a|an|for|more|bigger|per
            """
        ),
        family="plans",
    ),
    Cue(
        "manners_of_support",
        -3.0,
        phrase_lines(
            """
            let me|us|you know|have|in|through|off|go|be|see_you|speak|talk|check|see_if
            pass it|this|that on ..3 colleague|accountant|him|her|accounting|finance|tonight
            how ..1 do|can|would|should i|we
            where ..1 do|can|is|are i|we|the|it
            can|could i|we ..4 somewhere|already|today
            is ..1 it possible|there ..1 any? ..1 way|that
            call me|us
            refund|reimburse|certificate|questionnaire|report_on
            password|login|log_in|locked
            used to|since_the_update|since_yesterday|since_today|stopped|suddenly|no_longer|any_longer|anymore
            crash|crashes|error|broken|fails|failed|bug
            our|my own? website|app|shop
            what ..2 can|does|do a|an|the|your
            """
        ),
    ),
)
