"""What a wish is about, in the vocabulary of software: one name for a thing that has many names.

A theme is specific enough that two wishes about it are one wish ("works underground", "offline mode"). An
action is not: it needs a common object ("export the contacts", "export the audit log").
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from services.detector.domain.rules import Cue, RuleBook
from services.detector.domain.text.phrases import phrase_lines
from services.detector.domain.text.sentences import split_clauses

if TYPE_CHECKING:
    from services.detector.domain.text.sentences import Clause

_THEMES = {
    "offline": """
        offline
        no|without|lose|loses|lost|losing|bad|poor|weak|patchy|needing|need|any ..2 signal|coverage|
            reception|internet|connection|network|wifi|connectivity|mobile_data
        underground|basement|basements|cellar|cellars|tunnel|tunnels
        plane|airplane|flight|flying|train ..2 mode|work|works|use
        works|work|use ..3 plane|train|airplane
        signal drops|is|goes
        """,
    "dark_mode": """
        dark|night|black|darker ..1 mode|theme|version|screen|screens|colors|layout|background|skin|option
        screen|app|background|interface ..4 dark|black|darker|dimmed
        white on black
        black instead
        too bright
        """,
    "single_sign_on": """
        sso|saml|okta|oidc
        single sign
        one|same|work|company|existing|normal login|password ..3 everything|for|instead
        sign|log|login|signing|logging ..3 with|via|through|using ..3 microsoft|google|azure|okta|work|company
        google|microsoft|azure|apple sign|login|account
        """,
    "two_factor": """
        2fa|mfa|two_factor|two_step|authenticator|passkey|passkeys|yubikey
        two|second|multi factor|step
        code on|to ..1 phone
        """,
    "undo": """
        undo|trash|undelete
        recycle|a bin
        restore|recover|bring_back|get_back|undelete ..5 deleted|removed|lost|mistake|back
        bring|get back ..3 deleted|removed
        bring|get ..3 deleted|removed ..2 back
        deleted ..3 mistake|accident|restore
        """,
    "audit_log": """
        audit trail|log|history
        who ..1 changed|edited|touched|deleted|moved|altered
        history|log|trail of ..2 edits|changes|edit|change
        change|edit|activity history|log
        """,
    "shortcuts": """
        keyboard shortcut|shortcuts|alone|navigation
        shortcut|shortcuts|hotkey|hotkeys|key_binding
        with the keyboard
        """,
    "send_later": """
        schedule|scheduled|delayed|delay|timed ..2 send|sending|message|messages|email|emails|mail|reply
        send|sent|sending ..2 later|tomorrow|at_a
        message ..6 go|goes|sent ..2 out? ..1 later|tomorrow|morning
        """,
    "read_receipts": """
        read receipt|receipts|status|confirmation
        seen|opened|read ..3 message|messages|email|document|mail|wrote|link
        somebody|someone|customer|client|they|side|recipient ..1 has|have? ..1 seen|opened|read
        """,
    "gantt": "gantt\ntimeline view|chart|of\n",
    "merge_duplicates": """
        duplicate|duplicates|double|doubled|twice ..2 contact|contacts|customer|customers|record|records|
            entries|
            entry
        merge|merging ..3 duplicates|contacts|customers|records|entries
        full of|clean|remove duplicates
        already exists
        """,
    "branding": """
        white label|labelled|labeled|labelling
        own|our|company|custom ..2 logo|branding|brand|colors|design|look
        custom branding
        logo on|in
        look like us|ours
        """,
    "quiet_hours": """
        quiet hours|time|mode
        do not disturb
        mute|muted|silence|snooze|pause|switch_off|turn_off|stop ..4 notification|notifications|alerts|pings
        notification|notifications|alerts|phone|pings ..4 muted|muting|silent|evening|night|midnight|weekend|
            weekends|quiet|buzzes
        """,
    "signing": """
        e|electronic|electronically|digital|digitally|online sign|signature|signatures|signing|signed
        esign|esignature|e_signature|docusign
        sign|signing ..2 document|documents|contract|contracts|agreement|agreements|quote|quotes|form|forms
        signature ..4 document|contract|agreement|quote|form|pad|glass|screen
        """,
    "read_only": """
        read|view only
        look ..3 not ..1 touch|change|edit
        see|view|look ..3 not|without ..2 change|edit|touch|changing|editing
        """,
    "digest": """
        digest|digests|roundup
        one|a|single|daily|weekly|per ..1 daily|day|weekly|week? summary|overview|email_a_day
        summary email|mail|a_day|once
        instead of ..2 emails|mails|notifications
        """,
    "canned_replies": """
        canned|saved|prepared|ready_made|standard|stock|preset ..1 replies|reply|responses|response|answers|
            answer
        template|templates|snippet|snippets|macro|macros ..4 replies|reply|answers|responses|messages
        text blocks|snippets|modules
        """,
    "currencies": """
        currency|currencies
        dollars|euros|pounds|francs|usd|eur
        """,
    "scanning": """
        barcode|barcodes|qr|qr_code|nfc|rfid
        scan|scanning|scanner ..3 code|codes|label|labels|asset|tag|tags
        """,
    "dictation": """
        dictate|dictation|transcribe|transcription
        voice|speech to|notes|note|memo|memos|input|typing
        speak|talk instead|rather ..2 typing|type
        """,
    "online_payment": """
        pay|paying|paid|payment|payments ..3 by|with|via|through ..1 card|paypal|stripe|phone|apple
        online|card payment|payments
        pay button|link|now
        payment|pay button|link
        """,
    "subtasks": """
        subtask|subtasks|sub_task|sub_tasks
        sub task|tasks|items
        tasks ..3 checklist|checklists
        checklist|checklists in|inside|within|per|on ..2 task|tasks|job|jobs|ticket
        smaller tasks|pieces|steps|parts
        """,
    "calendar_sync": """
        calendar|calendars|diary|outlook|ical|google_calendar|caldav ..8 sync|synced|syncing|synchronise|
            synchronize|both_ways|two_way|feed|push|pushed|subscribe|block|blocks|blocked|appear|show|shows|
            talk|mirror|copy|direction|ways|way
        sync|syncs|synced|two_way|both_ways|push|connect|link|feed ..6 calendar|calendars|diary|outlook|ical
        leave|holiday|holidays|absence|absences|vacation ..8 calendar|block|blocks|blocked|availability
        in|into|to|with our|my|the|google ..1 outlook|calendar|diary
        outlook
        """,
    "live_location": """
        live|real_time|current|exact ..1 location|locations|position|positions|map|tracking|gps
        map ..6 where|live|van|vans|truck|trucks|driver|drivers|crew|crews|technician|vehicle|vehicles|
            engineers
        where ..4 van|vans|truck|driver|drivers|crew|crews|technician|vehicle|vehicles|engineer|engineers|he|
            they|everyone|everybody|people is|are|really|now|actually
        van|vans|truck|driver|crew|technician|vehicle|vehicles|engineer on a|the map
        how far|close ..1 away|off
        gps|geolocation|whereabouts
        track|tracking|follow ..3 van|vans|driver|drivers|technician|crew|vehicle|link|crews
        """,
    "photo_markup": """
        draw|drawing|scribble|scribbles|annotate|annotating|annotation|annotations|mark|marking|markup|arrow|
            arrows|circle|circles|write|measurements|highlight ..6 photo|photos|picture|pictures|image|images|
            screenshot|screenshots|pics|pic|plan|plans
        photo|photos|picture|pictures|image|images|screenshot|screenshots|pic|pics ..6 draw|arrow|arrows|
            circle|annotate|markup|annotated|scribbles|mark_up|measurements|highlight
        """,
    "message_language": """
        language|languages ..8 customer|customers|client|clients|message|messages|text|texts|sms|template|
            templates|reminder|reminders|email|emails|letters|letter|recipient|patient|parents|notifications|
            per
        text|texts|message|messages|sms|email|emails|reminder|reminders|letter|letters|template|templates|
            notification|notifications|notices ..8 in|language|translated ..1 language|languages|spanish|
            french|german|english|polish|turkish|portuguese|welsh|arabic|italian|dutch|chinese|own|their
        texts|messages|emails|reminders|letters|templates ..3 multilingual|translated|bilingual
        in spanish|french|polish|turkish|portuguese|welsh|arabic|italian|german|dutch|chinese
        translate|translated|translation ..5 message|messages|text|texts|email|emails|reminder|reminders
        multilingual messages|texts|emails|reminders|templates
        """,
    "guest_access": """
        guest|guests|outside|external|outsiders|temporary|temp|agency|subcontractor|subcontractors|freelancer|
            freelancers|contractor|contractors|volunteers|partners ..8 login|logins|account|accounts|access|
            log_in|see|sees|portal|seat|log|view|user|users|invite|only|crew|crews
        login|logins|account|accounts|access|portal|view ..6 guest|guests|outside|external|temporary|agency|
            subcontractor|subcontractors|subbies|subs|freelancers|contractor|contractors|volunteers
        guests|subs|subbies|contractors|subcontractors|externals ..2 who|that ..2 see|only
        see|sees|show|shows only ..2 what|their|own|assigned|the
        see|sees|shows nothing ..1 but|except ..2 own|their
        not ..4 see|seeing ..2 my|our|everything|prices|money|all
        limited|restricted login|account|access|user
        """,
    "custom_fields": """
        custom|own|additional|extra|our_own|user_defined ..1 field|fields|column|columns|attribute|
            attributes|properties|property
        add|adding ..3 own|our ..1 fields|columns|field|column
        no place|room for ..6
        """,
    "saved_filters": """
        save|saved|saving|remember|remembers|remembered|keep|keeps|stored ..4 filter|filters|view|views|
            search|
            searches|sort|sorted|sorting|order
        filter|filters|view|views ..3 saved|remembered|stored|kept|default
        """,
    "slack": "slack\n",
    "chat_teams": "microsoft|ms teams\nteams integration|channel|app\n",
    "zapier": "zapier|make_com|n8n|ifttt\n",
    "webhooks": "webhook|webhooks\n",
    "drag_and_drop": "drag|dragging|draggable ..2 drop|around|files|between\ndrag and drop\n",
    "kanban": "kanban\nboard view\n",
    "time_tracking": """
        time|hours tracking|tracker|clock|logging
        track|log|clock ..2 time|hours
        timer|stopwatch|clock_in
        """,
    "mentions": "mention|mentions|tag ..2 colleague|colleagues|someone|teammates|people\n",
    "right_to_left": "right to left\nhebrew|arabic ..1 support|layout|text|languages\n",
    "backup": "backup|backups|back_up\n",
    "route_planning": """
        route|routes planning|planner|optimiser|optimizer|optimisation|optimization|suggested|automatically
        plan|plans|optimise|optimize|planning ..3 route|routes|tour|stops|round|rounds
        best|shortest|optimal|optimise|optimize ..2 order|way|tour
        """,
    "mobile_app": """
        mobile|android|iphone|ipad|ios|tablet|tablets ..1 app|apps|version
        app for ..2 android|iphone|ios|ipad|tablets|tablet
        """,
    "many_attachments": "more_than_one|several|multiple|many ..1 file|files|attachment|attachments|photos\n",
    "signature_email": "email|mail signature|signatures\n",
}
_ACTIONS = {
    "bulk": """
        bulk|mass|batch|multi_select|multiselect
        multi select
        all|several|many|lots|hundreds|dozens|everything|whole|them ..4 at_once|together|in_one_go|one_go|
            same_time|in_one
        at once
        in one go|step|click
        several|many|multiple|a_lot|hundred|hundreds|lots|more_than_one|all ..3 at a time|once
        select|tick|mark|choose ..3 several|many|multiple|all|lot|boxes|more
        tick|check box|boxes
        one at a time
        one by one
        whole|entire day|week|board|list|lot
        """,
    "export": """
        export|exports|exporting|exported|csv|spreadsheet|spreadsheets|excel|xlsx
        download|downloading ..4 list|table|data|csv|excel|report|all
        """,
    "import": "import|imports|importing|imported\n",
    "filter": "filter|filters|filtering|narrow_down\n",
    "sort": "sort|sorted|sorting|order_by|reorder|rearrange\n",
    "search": "search|searching|find|finder|lookup\n",
    "recurring": """
        recurring|recur|recurrence|repeat|repeats|repeating|repetition|series|fortnightly|every_week|
            every_month|
            weekly|monthly|quarterly
        every week|month|quarter|fortnight|year|monday|tuesday|friday
        all ..2 follow|following
        """,
    "template": "template|templates|preset|presets|blueprint\n",
    "api": "api|endpoint|endpoints|rest\n",
    "notify": """
        notify|notified|notification|notifications|alert|alerts|alerted|warn|warns|warned|warning
        remind|reminder|reminders
        """,
    "duplicate": "duplicate|copy|copies|clone|cloning|copying\n",
    "print": "print|printed|printing|printout|printer\n",
    "lock": "lock|locked|locking|freeze|protect|protected\n",
    "widget": "widget|widgets\n",
    "tag": "tag|tags|label|labels|labelling\n",
    "hide": "hide|hidden|hiding|collapse|collapsible\n",
    "comment": "comment|comments|annotate|note|notes\n",
    "holiday": "holiday|holidays|vacation|vacations|bank_holiday\n",
    "map": "map|maps\n",
    "size": "bigger|smaller|larger|font|fonts|resize|resizable|zoom\n",
}
_SAME_THING = {
    "job": "job jobs visit visits appointment appointments booking bookings workorder assignment assignments",
    "task": "task tasks todo todos to_do",
    "ticket": "ticket tickets case cases conversation conversations thread threads",
    "customer": "customer customers client clients company companies",
    "contact": "contact contacts address addresses lead leads",
    "invoice": "invoice invoices bill bills billing",
    "quote": "quote quotes quotation quotations estimate estimates offer offers proposal proposals",
    "report": "report reports reporting analysis analytics statistics stats chart charts graph graphs",
    "photo": "photo photos picture pictures image images pic pics screenshot screenshots",
    "document": "document documents doc docs pdf pdfs file files attachment attachments",
    "message": "message messages chat chats reply replies",
    "email": "email emails mail mails letter letters newsletter",
    "text": "text texts sms",
    "user": "user users colleague colleagues teammate teammates agent agents employee employees staff",
    "project": "project projects",
    "form": "form forms survey surveys questionnaire",
    "price": "price prices pricing discount discounts",
    "shift": "shift shifts rota roster schedule schedules",
    "timesheet": "timesheet timesheets hours payroll",
    "asset": "asset assets machine machines equipment device devices",
    "product": "item items part parts stock inventory article articles",
    "calendar": "calendar calendars diary",
    "dashboard": "dashboard dashboards",
    "audit": "audit",
}
OBJECTS = frozenset(_SAME_THING)
THEME_MARK, ACTION_MARK = "=", "~"
"""No word begins with these, so a marked name and a word never meet."""


class About(NamedTuple):
    """The marked names of the themes and actions that a text mentions."""

    themes: frozenset[str]
    actions: frozenset[str]


@cache
def _objects() -> dict[str, str]:
    return {word: name for name, words in _SAME_THING.items() for word in words.split()}


@cache
def _books() -> tuple[RuleBook, RuleBook]:
    themes, actions = (
        RuleBook([Cue(mark + name, 1.0, phrase_lines(text)) for name, text in table.items()])
        for mark, table in ((THEME_MARK, _THEMES), (ACTION_MARK, _ACTIONS))
    )
    return themes, actions


def same_thing(word: str) -> str:
    """One name for the words that mean the same object; other words unchanged."""
    return _objects().get(word, word)


def clause_about(clause: Clause) -> About:
    """What one clause speaks of."""
    themes, actions = _books()
    return About(frozenset(themes.hits(clause)), frozenset(actions.hits(clause)))


def about(text: str) -> About:
    """What a text is about, taken as a whole: a thing is named in one sentence and wished for in the next."""
    clauses = split_clauses(text)
    if not clauses:
        return About(frozenset(), frozenset())
    joined = replace(
        clauses[0],
        normal=f" {' '.join(clause.normal.strip() for clause in clauses)} ",
        words=frozenset().union(*(clause.words for clause in clauses)),
    )
    return clause_about(joined)
