"""Word groups and vetoes that several lifecycle detectors share."""

from __future__ import annotations

from services.detector.domain.rules import Cue
from services.detector.domain.text.phrases import phrase_lines

GROUPS = {
    "we": "i we us me my_team our_team my_company our_company",
    "our": "our my the this your all",
    "deal": """subscription subscriptions plan plans contract contracts agreement membership account
        accounts license licenses
        service services policy workspace package coverage insurance tenancy""",
    "period": "year years month months quarter term period",
    "soon": "month months year quarter week end immediately today now tomorrow",
    "vendor": """vendor vendors provider providers tool tools solution solutions platform platforms
        supplier suppliers system
        systems product products competitor competitors company carrier software helpdesk alternative
        alternatives
        application""",
    "other": "another other different new competing rival cheaper better",
    "rival": """zendesk freshdesk freshworks hubspot salesforce helpscout gorgias crisp drift tidio front
        zoho livechat
        notion monday asana jira slack teams kustomer dixa trengo pipedrive mailchimp klaviyo servicenow
        clickup trello airtable""",
    "named": """zendesk freshdesk freshworks hubspot salesforce helpscout gorgias tidio zoho livechat
        kustomer dixa trengo pipedrive mailchimp klaviyo servicenow clickup trello airtable intercom""",
    "tier": """pro premium enterprise business plus gold platinum silver scale growth professional ultimate
        advanced unlimited team standard basic starter suite executive""",
    "upper": """pro premium enterprise plus gold platinum scale growth professional ultimate advanced
        unlimited executive""",
    "people": """users user agents agent people members employees colleagues teammates staff seats seat
        licenses license logins accounts""",
    "place": """team teams department departments office offices branch branches location locations
        subsidiary subsidiaries
        region regions brand brands workspace workspaces store stores country countries unit units site
        sites division
        divisions entity entities""",
    "many": """# two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty
        fifty hundred dozen several few couple""",
    "third": """customers customer clients client members member users visitors subscribers guests
        patients students tenants shoppers""",
}

THIRD_PARTY = Cue(
    "third_party",
    -4.5,
    phrase_lines(
        """
        our|my own? <third>
        <third> of ours|mine
        one of our|my
        a client|customer
        your <third>
        his|her|their account|subscription|contract|membership|plan|renewal|renewals|cancellation
        how do|can|could|should ..1 <third>
        our own ..3 app|shop|site|website|product|store|form|page|terms
        in our|my shop|app|store|website|gym
        """
    ),
)
"""Somebody else's customers: what they cancel, renew or buy does not concern the vendor."""

FAULT = Cue(
    "fault",
    -1.5,
    phrase_lines(
        """
        misaligned|typo|flicker|flickers|crash|crashes|crashed|overlaps|overlap|distorted|glitch
        error #
        # error
        field ..4 not|empty|blank|wrong
        button ..3 misaligned|overlaps|dead
        white|blank page|screen
        """
    ),
)
"""A report of a fault in the product."""
