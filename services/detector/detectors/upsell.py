"""A customer who wants more product: a higher plan, an add-on, a larger allowance.

More people or places on the same product is expansion. Upgrading software, phones and servers, and
faults after an upgrade, are neither.
"""

from __future__ import annotations

from services.detector.domain.agent_replies import offers, replies
from services.detector.domain.cues.buying_up import BUYING_UP
from services.detector.domain.cues.paying_more import PAYING_MORE, PAYING_MORE_GROUPS
from services.detector.domain.detector import Parameters
from services.detector.domain.finding import Kind
from services.detector.domain.lexical import LexicalDetector, Voice
from services.detector.domain.rules import RULED_OUT, Calibration, Cue, RuleBook
from services.detector.domain.text.phrases import phrase_lines
from services.detector.domain.vocabulary import FAULT, GROUPS, THIRD_PARTY

NAME = "upsell"
VERSION = "11"

_GROUPS = {
    **GROUPS,
    **PAYING_MORE_GROUPS,
    "level": """plan plans tier tiers package packages edition subscription membership level version
        account license bundle suite""",
    "more": "higher bigger larger next better upper paid premium top greater unlimited faster",
    "extra": """add_on add_ons addon addons module modules feature features extra extras pack connector
        integration assistant product
        functionality capability option service""",
    "cap": "limit limits cap quota allowance storage credits bandwidth capacity volume",
    "price": "price prices pricing cost costs quote quotation fee charge charges rate rates",
}

_CUES = (
    Cue(
        "upgrade",
        3.4,
        phrase_lines(
            """
            upgrade|upgrading|upgrades ..3 <level>|<tier>
            want|like|wants|wanted|need|wish|looking|ready|how|can|could|please|interested|thinking|ways|
                possible ..3 upgrade|upgrading
            ^ upgrade $|me|us|to|my|our
            upgrade ..2 to <tier>
            is|does|when the upgrade instant|effective|take|start
            quote|price|cost|pricing ..2 for the upgrade|upgrading
            upgrade|upgrading options|cost|price|fee
            """
        ),
        family="upgrade",
    ),
    Cue(
        "move_up",
        3.2,
        phrase_lines(
            """
            move|moving|switch|switching|go|going|change|changing|get|getting|jump|step ..3 to|for|a|
                the <more> ..1 <level>
            move|moving|switch|go|going|change|changing|put ..3 to <our>|a|an? ..1 <upper>
            from free|starter|basic|standard|silver|the_free ..2 to
            go|going|move|moving enterprise|pro|premium|platinum|gold
            thinking|think|thought about|of moving|going up
            go|going|move|moving|switch|upgrade ..3 to plus
            change|changing over
            activate|turn_on|buy|purchase|get ..3 paid|premium|pro|full version|plan|features|edition
            <more> plan|plans|tier|tiers|package|packages|edition|subscription|membership|bundle|suite
            faster|bigger|larger|more internet|data|broadband|speed
            outgrown
            ready for <our>? <upper>|professional
            turn on ..3 trial of ..1 premium|pro|enterprise
            """
        ),
        family="upgrade",
    ),
    Cue(
        "plan_prices",
        3.0,
        phrase_lines(
            """
            <price> ..5 <upper>
            how much ..3 <upper>
            <upper> ..3 <price>
            how much ..6 add_on|addon|module|feature|extra|per_month
            <price> ..5 add_on|addon|module|unlocking|adding|include|included|extra|suite
            demo of ..2 <upper>
            quote ..3 for adding|the
            offer for ..1 suite|bundle
            price ..3 if ..4 included|add|added
            discount if ..2 take|buy|bundle
            what ..3 cost|pay ..3 extra|more|better|premium|next|unlock
            pay|pays extra|more for ..4 <extra>|<upper>|dedicated|it|that
            paid extra|add_on|addon
            what would it take to get
            """
        ),
        family="prices",
    ),
    Cue(
        "compare_plans",
        2.8,
        phrase_lines(
            """
            difference|differences|compare|comparison|comparing ..3 <level>
            difference|differences|compare|comparison ..4 <upper>
            what|which ..4 plan|plans|tier|package|packages|edition ..4 include|includes|included|have|
                has|come|comes|contain|support
            which <level> has|have|includes|gives|supports
            is|are ..3 included in <our>? ..1 <level>
            included in the|your top|higher|next|best
            plan with more|higher|unlimited
            above the|our ..1 <level>
            what ..2 get if
            higher plans
            do|would <our>? ..1 <upper>|higher <level> come|include|remove|give|have|support
            or do we|i need to upgrade
            only ..3 in|on|with|by the ..1 higher|<upper>
            available on <upper>|higher
            requires|require ..1 a? different|higher|<upper> plan
            """
        ),
        family="compare",
    ),
    Cue(
        "limits",
        2.8,
        phrase_lines(
            """
            hit|hitting|reach*|exceed*|outgrown|near|nearing|maxed|bump*|run|running|runs|ran ..4 <cap>
            increase|raise|higher|bigger|larger|more|additional|extra|buy|boost|extend ..2 <cap>
            higher|larger|increase ..2 credit|rate limit
            <cap> ..2 full|exhausted|runs_out|run_out|used_up|reached|exceeded
            need|want|buy|purchase|get ..2 more|additional|extra ..1 storage|data|credits|bandwidth|space|
                minutes|api|automations|channels
            plan can not hold
            too limited
            the cap on
            # tb|gb more
            """
        ),
        family="limits",
    ),
    Cue(
        "want_more_product",
        2.6,
        phrase_lines(
            """
            interested in|for ..2 add_on|addon|module|connector|integration|assistant|suite|<upper>
            buy|purchase|purchasing|add|adding|order|include|activate ..4 add_on|add_ons|addon|module|
                pack|channel|suite|connector|package
            want|like|wants|need ..4 <upper>
            want|like|wants ..3 the|your ..1 add_on|addon|module
            purchase|buy ..4 separately|additional|dedicated|extra|api|rate_limit|it_for_production
            consulting|professional hours|services ..6 cost
            wants it
            which packages|plans|bundles are available
            tell me|us more about ..3 <upper>|plans|module|add_on|addon|upgrade|upgrading
            offer|offers|rate|rates ..8 available|apply|applicable|eligible|qualify|qualified ..1 to|
                for ..1 me|us|my
            inquire|know|ask ..5 lower|new|better|special rates|offers|rate|offer|promotion
            advanced ..1 module
            interested ..4 call|quote|offer|price
            white label
            custom roles|domain|branding feature|which
            want|wants|like sso|saml|hipaa|sla|audit_logs|api_access
            is|are sso|saml|hipaa|scim|audit_logs ..2 included|available|part
            from sales call
            hey|hi|hello|dear sales
            access to ..1 premium|advanced|pro
            eligible|eligibility|qualify ..3 upgrade|higher|credit|limit|offer|loan|bigger|premium|better
            on top of what
            prorate
            we|would would? pay for that
            budget now
            do you sell|offer ..1 add_ons|addons|modules|white|premium|bigger|larger
            add|adding ..1 sms|voice|phone|chatbot|whatsapp|ai
            higher sla|tier|limit
            sla of|with|guarantee
            """
        ),
        family="want",
    ),
    Cue(
        "growing_need",
        0.9,
        phrase_lines(
            """
            our volume|traffic|needs ..2 tripled|doubled|grew|grown|growing
            sign us up
            talk ..3 price|sales
            from sales
            send ..2 quote
            how much
            what ..3 cost|price|pay
            """
        ),
        whole_message=True,
    ),
    Cue(
        "other_upgrade",
        -4.0,
        phrase_lines(
            """
            upgrade|upgraded|upgrading|upgrades ..4 php|server|servers|version|macos|phone|library|
                browser|ios|android|plugin|windows|node|python|firmware|java|sdk|os|laptop|database|
                hardware|router
            after|since <our>? ..1 upgrade|upgrading
            upgrade failed|banner|broke|to_version|of_macos
            upgraded ..2 my phone|mac|laptop
            no upgrade
            not interested|want|need|like ..4 upgrade|premium|offer|enterprise|pro|plan|plans
            billed|charged|invoiced for
            without asking
            who upgraded|was
            downgrade|downgrading
            upgraded ..4 last|yesterday|where|failed
            before we|i renew
            seats|licenses|users|user|people|agents|accounts ..2 limit|for|on_top
            grace period
            plan do you have for
            hierarchy
            """
        ),
    ),
    Cue(
        "down_to_free",
        RULED_OUT,
        phrase_lines(
            """
            move|moving|switch|switching|put|go|going|drop|dropping|downgrade|downgrading|back|change|
                changing|return|returning ..3 to|on|onto the|your|a? ..1 free|freemium ..1 <level>
            """
        ),
    ),
    Cue(
        "other_verb",
        -3.0,
        phrase_lines(
            """
            open|opening|create|creating|register|close|closing|cancel|canceling|delete|deleting|remove|
                removing|edit|editing|deletion|deletions|cancellation|closure ..5 account|accounts|profile
            account|accounts deletion|deletions|cancellation|closure
            changing|change|edit|editing|update|updating info|information|details|settings|data
            charged|charge ..1 extra
            gold loan
            """
        ),
    ),
    Cue(
        "mere_owner",
        -2.5,
        phrase_lines(
            """
            we|i have|are|am on? the|a? <tier> plan|package|theme
            <tier> plan and
            <tier> customers|theme|badge|pro_tip
            which plan are|am we|i on
            invoice|receipt ..3 pdf|available|copy
            rate limit header|parameter
            limit parameter
            attachment size
            business hours|card|address|days|name|account
            """
        ),
    ),
    Cue(
        "asks_price",
        1.0,
        phrase_lines(
            """
            how much|extra|cost|costs|price|charge
            interested|want|trial|need|like|sell|offer|sold
            plan|plans|tier|package|version
            can|could|may|shall we|i have|get|try
            put|add it|that|this|us ..3 on|to|for
            part of|included
            """
        ),
        hint=True,
        family="hint",
    ),
    *BUYING_UP,
    *PAYING_MORE,
    THIRD_PARTY,
    FAULT,
)


def create(parameters: Parameters | None = None) -> LexicalDetector:
    """The upsell detector; README.md says how the calibration was found."""
    return LexicalDetector(
        name=NAME,
        version=VERSION,
        kind=Kind.UPSELL,
        voices=(
            Voice(
                RuleBook(_CUES, _GROUPS),
                Calibration(slope=1.412, offset=-2.549),
                replies=replies(Kind.UPSELL),
                offers=offers(Kind.UPSELL),
            ),
        ),
        parameters=parameters or Parameters(threshold=0.6),
    )
