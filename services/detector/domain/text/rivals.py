"""Names of well-known products, told as "another tool" where a customer weighs or chooses them.

No reading of the words alone tells "we are moving to Pipedrive", a farewell, from "we are moving to
Tidewell", said to Tidewell on the first day: one has to know that Pipedrive is somebody else. A text model
knows few names, so it is given "another tool" for each name of this list, where the words before it show a
choice ("went with", "a demo of", "compared with") and nothing in the text is about connecting the two. Quotes
keep the name. What is said to one of the list keeps that one's name: there "moving to" it is a welcome.
"""

from __future__ import annotations

import re

_NAMES = """
    ActiveCampaign, Acuity, Aircall, Airtable, Asana, BambooHR, Basecamp, BreatheHR, Brevo, Calendly,
    Campaign Monitor, Capsule CRM, Charlie HR, ClickUp, Cliniko, Close.com, Cloudways, Constant Contact,
    ConvertKit, Datadog, Dentally, Dialpad, DigitalOcean, DocuSign, Doodle, Dropbox Sign, FreeAgent,
    FreshBooks, Freshdesk, Freshworks, GetResponse, giffgaff, GoCardless, GoDaddy, Gorgias, Grafana
    Cloud, Gusto, Help Scout, Helpscout, Heroku, Hetzner, HiBob, Homebase, Hotjar, HubSpot, Intercom,
    Jane App, Jotform, Kajabi, Kayako, Kinsta, Klaviyo, Kustomer, LearnWorlds, Lexware, Lightspeed,
    Linode, LiveAgent, LiveChat, Mailchimp, MailerLite, Matomo, Mindbody, Mixpanel, monday.com, Netlify,
    NetSuite, New Relic, Odoo, Omnisend, OVH, OVHcloud, Pabau, PandaDoc, Paychex, PayFit, Pennylane,
    Personio, Pingdom, Pipedrive, Planday, Podia, PrestaShop, Qualtrics, QuickBooks, RingCentral,
    Rippling, Salesforce, SendGrid, Sendinblue, sevDesk, Shopware, Signi, SignNow, SimplePractice,
    SimplyBook, SiteGround, Skedda, Skribble, Smartsheet, Sortly, Squarespace, StatusCake, SugarCRM,
    SurveyMonkey, Talkdesk, Teachable, Teamwork.com, Thinkific, Tidio, Toggl, Trello, Trengo, Typeform,
    UptimeRobot, Vodafone, Vonage, Webflow, When I Work, WooCommerce, Workable, Workday, Wrike, Xero,
    Zendesk, Zoho, 3CX, 8x8
"""
"""Without the platforms that one builds on or signs in with (Slack, Microsoft, Google, Shopify, Stripe):
moving to them is seldom a farewell."""
_WORDS_AS_WELL = """
    Bamboo, Breathe, Crisp, Deputy, Drift, Factorial, Front, Linear, Notion, Sage, Square, Toast, Wave, Wix
"""
"""Names that are words of the language count only with a capital."""


def _either(names: str) -> str:
    listed = (" ".join(name.split()) for name in names.split(","))
    longest_first = sorted(listed, key=len, reverse=True)
    return "|".join(re.escape(name) for name in longest_first)


_NAME = rf"(?:(?i:{_either(_NAMES)})|{_either(_WORDS_AS_WELL)})(?![\w-])"
_ALL_OF_US = r"""
    (?: (?: us | everyone | everybody | everything | all | over | across | away | back | it | instead
          | probably | the \s (?: whole \s )? (?: team | company | group | business | lot | rest )
          | our \s (?: stuff | stores? | team | company | business | account ) ) \s ){0,3}
"""
_CHOOSING = re.compile(
    rf"""
    (?P<before> \b (?i:
        (?: (?: mov(?:e|es|ed|ing) | switch(?:es|ed|ing)? | migrat(?:e|es|ed|ing) | go(?:es|ing|ne)? | went
              | jump(?:s|ed|ing)? | chang(?:e|es|ed|ing) | transition(?:s|ed|ing)? )
            \s {_ALL_OF_US} (?: to | onto | with | for )
        | (?: over | across ) \s to
        | sign(?:s|ed|ing)? (?: \s up )? \s (?: with | for )
        | cho(?:ose|oses|osing|se|sen) | pick(?:ed|ing)? | select(?:ed|ing)? | opt(?:ed|ing)? \s for
        | settl(?:ed|ing) \s on | standardi[sz](?:ed|ing) \s on | decid(?:ed|ing) \s (?: on | for )
        | (?: demo | trial | quote | offer | proposal | meeting | contract | deal | price | pitch ) s?
            \s (?: with | from | of | by | at )
        | compar(?:e|es|ed|ing|ison) \s (?: \w+ \s ){{0,3}} (?: with | to | against )
        | look(?:s|ed|ing)? \s (?: at | into | hard \s at ) | evaluat(?:e|es|ed|ing) | consider(?:s|ed|ing)?
        | trial(?:l?ed|l?ing) | (?: try | trying | tried | testing ) (?: \s out )? | weigh(?:ing|ed)?
        | shortlist(?:ed|ing)?
        | replac(?:e|ed|ing) \s (?: you | it | this | that ) \s (?: with | by )
        | lea(?:ve|ves|ving) \s (?: you \s )? for | left \s (?: you \s )? for
        | (?: better | cheaper | less ) \s (?: than | at | with | from )
        )
        \s (?: (?: the | their | your | our \s new | your \s friends \s at ) \s )?
    ) )
    (?P<names> {_NAME} (?: (?: \s?,\s | \s?/\s? | \s (?: and | or ) \s ) {_NAME} )* )
    """,
    re.VERBOSE,
)
_CONNECTING = re.compile(
    r"\b(?:integrat\w*|connect\w*|sync\w*|plug-?ins?|webhooks?|api|sso|compatible|works? with|support for"
    r"|zapier)\b",
    re.IGNORECASE,
)
_ONE = re.compile(_NAME)
_ANOTHER = "another tool"


def folded(name: str) -> str:
    """A product's name in the form in which its spellings are equal: "Help Scout" is "helpscout"."""
    return "".join(filter(str.isalnum, name.casefold().removesuffix(".com")))


LISTED = frozenset(folded(name) for name in f"{_NAMES},{_WORDS_AS_WELL}".split(","))
"""All of the list, as `folded` has them."""


def with_rivals_unnamed(text: str, own: str = "") -> str:
    """The text with "another tool" in place of each product that its author weighs or chooses.

    The same text where it is about connecting to a product, or names none of the list. `own` is the product
    to whose makers it is said, as `folded` has it: no rival.
    """
    if _CONNECTING.search(text):
        return text
    told = (lambda name: name[0] if folded(name[0]) == own else _ANOTHER) if own else _ANOTHER
    return _CHOOSING.sub(lambda found: found["before"] + _ONE.sub(told, found["names"]), text)
