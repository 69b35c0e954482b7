"""The first weeks: the ways to say that one has only begun, grouped by idea."""

from __future__ import annotations

from services.detector.domain.rules import Cue
from services.detector.domain.text.phrases import phrase_lines

BEGINNING = (
    Cue(
        "fresh",
        2.6,
        phrase_lines(
            """
            joined you|your|us
            signed_up|joined|subscribed|enrolled ..3 last|yesterday|this_week|this_morning|on_monday
            signed_up|joined|subscribed|registered ..4 #|two|three|a_few|few|couple ..3 days|weeks|week|
                wks ago
            signed up ..4 #|two|three|few|couple|last|yesterday ..3 days|weeks|week|wks|ago|thursday|monday|
                friday|
                tuesday|wednesday
            handed|inherited|given|taken_over ..3 system|account|tool|workspace|software|administration
            beginner|beginners|newcomer|newcomers|starter session|course|training|guide|class|video
            contract|deal|papers|agreement ..1 is? signed|done ..3 what|now|next|so
            what happens now|next
            just got|received|been_given ..2 workspace|account|access|login|logins|licenses
            trial turned|became|converted
            first day|week|month with|on|using
            for|in|during the|our first month|week|weeks
            new customer|client|user|here $|silly|quick|question|so|and
            finding|find <our>|my feet
            moved|moving|come|came|switched over|across? from spreadsheets|excel|paper|whiteboard
            welcome screen|letter|text|email|pack
            still on the welcome|first
            """
        ),
        family="joined",
    ),
    Cue(
        "going_live",
        2.6,
        phrase_lines(
            """
            go|going|went|goes live
            we|i are|went|is ..1 live ..4 since|as|now|today|this|and|on|from|$
            before we|everybody|everyone|they|the_team ..2 start|starts|switch|switch_over|launch|go
            flip|throw|pull the switch
            switch|switching|change|changing over on|to ..3 #|monday|first
            rolling|roll|rollout ..3 out ..3 team|staff|everyone|people|crew|us ..4 next|this|on|in|week|
                month|
                monday
            roll|rolling you|it|this out to ..1 team|staff|everyone|people
            go live checklist
            users created|loaded|imported
            set a password
            """
        ),
        family="kickoff",
    ),
    Cue(
        "setting_out",
        2.4,
        phrase_lines(
            """
            setup|set_up|implementation|onboarding package|call|specialist|fee|session|contact|team|manager
            set up call|package|session|fee
            paid|pay|paying for ..2 setup|set_up|onboarding|implementation
            paid for set up
            during|in|for|through|about ..1 implementation
            look|check|go ..3 over|through|at ..1 our|my setup|configuration|set_up|settings ..4 before
            setup before
            can not|still ..2 get ..2 anybody|anyone|anybody_in|the_team|them|people|staff in
            none|half|some|most of the|our|my ..3 get|got|log|logged in
            get|got ..2 in for_the_first|yet
            invitation|invitations|invite|invites ..6 accepted|expired|run_out|not_arrived|spins
            everyone|everybody|team|crew|staff ..4 invitation|invited|invite|password
            best way to bring|move|import|load|get ..6 old|existing|current
            help|walk|talk|guide us|me through it|this|the
            explain|explaining|explained ..4 as_well|first|set_any
            book|arrange|schedule|plan the|a|our ..2 training|kick_off|introduction
            training ..4 before|dispatchers|starters
            checklist|plan|steps for ..1 first|start|beginning|onboarding
            no|not ..1 idea|sure|clue where|how|what ..3 put|begin|start|go
            configure|set_up|do|create|enter|add ..2 first $
            start with ..1 contacts|companies|users|settings|import
            """
        ),
        family="setup",
    ),
    Cue(
        "not_beginning",
        -3.5,
        phrase_lines(
            """
            live view|chat|stream|map|data|agent|agents|demo
            signing up for longer|another|a_second
            sign|signed|register|registered|enroll|enrol|signing up? ..1 my|our|a|the ..1 kid|kids|child|
                children|son|daughter|wife|husband|mother|mum|father|dad|pupil|pupils|student|students|guest|guests|member|
                members|patient|patients|dog|team
            pupils|students|children ..2 register|sign|enrol|enroll
            two factor
            survey|campaign|newsletter|launch a
            first of all
            workflow|approval|automations
            first line|name|page|column|row|item
            new hires|phone|rule|form|report
            """
        ),
    ),
    Cue(
        "settled_matter",
        -2.0,
        phrase_lines(
            """
            renewal|renew|carry_on|past
            paid extra|add_on
            proposal|pilot is over
            another|second|third|new <place>|department
            """
        ),
        whole_message=True,
    ),
)
