"""A contract that is about to end and be continued: dates, terms, quotes and prices of the next period.

Certificates, sessions, links and cards expire too, and the writer's own customers renew things; neither is
about the contract with the vendor. Notice that a contract will not be renewed is churn risk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.detector.domain.agent_replies import offers, replies
from services.detector.domain.cues.prolonging import PROLONGING
from services.detector.domain.cues.staying_on import STAYING_ON
from services.detector.domain.detector import Parameters
from services.detector.domain.finding import Kind
from services.detector.domain.lexical import LexicalDetector, Voice
from services.detector.domain.rules import RULED_OUT, Calibration, Cue, RuleBook
from services.detector.domain.text.phrases import phrase_lines
from services.detector.domain.vocabulary import FAULT, GROUPS, THIRD_PARTY

if TYPE_CHECKING:
    from services.detector.domain.conversation import Context, Message

NAME = "renewal"
VERSION = "11"
_NEAR_DAYS = 120
"""Renewals are discussed in the last third of a year's contract."""

_CUES = (
    Cue(
        "renewal_matter",
        3.2,
        phrase_lines(
            """
            renewal quote|quotation|date|terms|price|pricing|invoice|discount|proposal|paperwork|
                discussion|options|process|notice|contract|order|agreement|rate|fee|offer|season|is|comes|
                go|went|of|through|reminder|payment|form|cost|period|be|out|to
            annual|yearly|contract|upcoming|plan|subscription|license|vendor|policy|next|auto|automatic|
                our|my|the renewal|renewals
            at|before|for|about|handles|regarding renewal|renewals|renewing
            up for renewal
            auto renew|renews|renewal|renewing
            auto|automatic|automatically renew*
            renews|renew automatic*
            """
        ),
        family="renew",
    ),
    Cue(
        "renew_the_deal",
        3.4,
        phrase_lines(
            """
            renew|renewing|renewed|renews ..4 <deal>
            <deal> ..4 renew|renews|renewing|renewed|reinstated
            before|when|if we|i renew
            want|like|need|wish|ready|how|happy|going|forgot|prefer to renew|re_sign|re_up
            how ..2 do|can|should i|we renew
            we|i will|can|would renew
            ready to re sign
            early|late to? renew
            """
        ),
        family="renew",
    ),
    Cue(
        "extend_the_deal",
        3.0,
        phrase_lines(
            """
            extend|extending|extension|prolong|prolonging|prolongation ..4 <deal>
            extend|extending|extension|prolong ..4 another|#|two|three|one year|years|months
            extension offer|proposal
            another|second|third|additional|further|# year|years|months|term ..2 with you
            stay|staying|continue|continuing|remain|sign|signing|signed|commit|committing ..4 another|
                next|second|third|further|#|two|three|multi ..2 year|years|term|months|period
            continue|continuing|carry_on|going with the|your|you ..1 service|product|platform|
                subscription ..4 after|current|next|end
            renegotiat* ..3 <deal>
            negotiate ..3 extension|renewal|<deal>|terms
            reinstate ..2 <deal>
            keep it going
            want to keep using
            approved another year
            cost|price of continuing
            """
        ),
        family="extend",
    ),
    Cue(
        "term_ends",
        2.8,
        phrase_lines(
            """
            <our> ..3 <deal> ..4 expire|expires|expiring|expired|ends|ending|lapse|lapses|runs_out|
                run_out|runs_until|is_up|due|finishes|rolls
            <our> ..1 term|deal ..2 you? ends|expires|runs_out|is_up|renews
            agreement|contract|subscription|plan|license|membership|policy expires|ends|lapses|expiring|runs
            when ..4 plan|subscription|contract|membership|license|policy|agreement expire|expires|end|
                ends|renew
            end of <our> ..1 first|second|third|current|initial ..1 year|term|contract|subscription
            expires in|on #
            contract|subscription|term|plan|agreement|license|membership end|expiry|expiration ..1 date
            anniversary of <our>
            expiry|expiration date|of ..2 <deal>
            rolls over
            notice period
            """
        ),
        family="ends",
    ),
    Cue(
        "next_period",
        2.4,
        phrase_lines(
            """
            next|coming|upcoming|following|new contract ..1 year|period|term|contract
            next|coming|upcoming|following year|term|period|months ..5 contract|quote|price|package|
                proposal|invoice|terms|rate|plan|agreement|discount
            quote|quotation|proposal|price|pricing|rate|contract|terms|po ..6 next|coming|upcoming|
                following|# ..1 year|term|period|months|contract
            next year contract
            for the coming|next year
            lock ..2 current|rate|price
            multi year
            charged|billed for another|next|a_second year
            existing customers
            going forward
            same terms|package as last
            """
        ),
        family="next",
    ),
    Cue(
        "commercial",
        0.8,
        phrase_lines(
            """
            quote|quotation|proposal|po|procurement|purchasing|invoice|price|pricing|terms|discount|
                paperwork|order_form
            sign|legal|cfo|finance|board
            """
        ),
        whole_message=True,
    ),
    Cue(
        "other_object",
        -4.0,
        phrase_lines(
            """
            ssl|certificate|certificates|domain|dns|token|tokens|session|sessions|link|links|invitation|
                invite|password|passport|coupon|promo|lease|dhcp|cache|ttl|cookie|oauth
            trial
            card
            ending|ends with|in #
            credit|debit card expires|expired|expire
            deadline|task|column|filter|chart|template|merge_field
            key|keys ..3 expired|expires|rotation
            <thing> renewal|renewals
            gym|club|library members
            renew|renewed interest
            contract with <our> ..1 caterer|client|agency|landlord|union|customer|customers
            marketing|sales|support saw
            driver|drivers|library|parking license|permit
            """
        ),
    ),
    Cue(
        "past_renewal",
        RULED_OUT,
        phrase_lines(
            """
            <ask> ..3 <paper> ..5 renewal|renewals ..3 last|previous year
            <ask> ..3 <paper> ..5 last|previous year ..2 renewal|renewals
            <ask> ..1 last|previous year ..2 renewal|renewals <paper>
            """
        ),
    ),
    Cue(
        "not_renewing",
        -4.0,
        phrase_lines(
            """
            not ..2 renew|renewing|extend|extending|continue|prolong
            not be renewing|continuing|extending
            without renewing
            cancel|terminate|stop ..3 subscription|contract|account
            against renewing
            """
        ),
    ),
    Cue(
        "leaving",
        -3.0,
        phrase_lines(
            """
            another|different|other vendor|provider|tool|solution
            not ..2 stay|sign|need
            alternatives|competitor|competitors
            run out and not
            end ..1 relationship
            opt out of the
            we|i are|am leaving
            notice of termination|cancellation
            terminate|termination|cancel
            """
        ),
        whole_message=True,
    ),
    Cue(
        "speaks_of_staying",
        1.0,
        phrase_lines(
            """
            continue|continuing|carry_on|carrying_on|stay|staying|keep|keeping|remain|sign|signing|extend
            two|three|another|second|third|next|# year|years
            contract|agreement|term|terms|paperwork|order_form
            for|signed longer
            """
        ),
        hint=True,
        family="hint",
    ),
    *STAYING_ON,
    *PROLONGING,
    THIRD_PARTY,
    FAULT,
)


def _facts_points(context: Context, message: Message) -> float:
    """A renewal date close to the message makes talk of dates and quotes more likely to mean it."""
    renewal = context.facts.renewal_date
    if renewal is None:
        return 0.0
    return 0.7 if abs((renewal - message.at.date()).days) <= _NEAR_DAYS else 0.0


def create(parameters: Parameters | None = None) -> LexicalDetector:
    """The renewal detector; README.md says how the calibration was found."""
    groups = {
        **GROUPS,
        "thing": "certificate ssl domain token passport dhcp membership",
        "ask": "send resend forward need needs want wants find download get have email",
        "paper": "invoice invoices receipt receipts copy pdf",
    }
    return LexicalDetector(
        name=NAME,
        version=VERSION,
        kind=Kind.RENEWAL,
        voices=(
            Voice(
                RuleBook(_CUES, groups),
                Calibration(slope=1.141, offset=-1.762),
                replies=replies(Kind.RENEWAL),
                offers=offers(Kind.RENEWAL),
            ),
        ),
        parameters=parameters or Parameters(threshold=0.6),
        facts_points=_facts_points,
    )
