"""Which messages under a customer's name were not written by a person: automatic replies, bounces, notices.

Such messages mention cancelling, renewing and failing without anybody meaning it. One plain sign is enough
("this is an automatically generated message"); an absence note needs two, since people also write that they
will be away.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from services.detector.domain.rules import Cue, RuleBook
from services.detector.domain.text.phrases import phrase_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.detector.domain.text.sentences import Clause

_ENOUGH = 2.0

_CUES = (
    Cue(
        "says_so",
        2.0,
        phrase_lines(
            """
            this|the ..3 email|message|mail|reply|response|notification ..3 automatically generated|sent
            this|the is an? automated|automatic|auto_generated|system_generated ..2 email|message|mail|reply|
                response|notification|answer|confirmation
            automatically generated|created email|message|mail|reply|notification
            do|please not reply|respond|answer to this ..2 email|message|mail|address|notification
            replies to this ..2 email|message|mail|address ..3 not
            sent from a? ..2 notification only|address
            """
        ),
    ),
    Cue(
        "bounced",
        2.0,
        phrase_lines(
            """
            message|mail|email ..4 not be? delivered
            delivery ..4 failed|failure|status_notification
            undeliverable|undelivered|mailer_daemon
            recipient address rejected
            mailbox ..2 full|unavailable|not_found
            """
        ),
    ),
    Cue(
        "subscribed_mail",
        2.0,
        phrase_lines(
            """
            you are receiving|getting this ..2 email|message|mail|newsletter|notification because|as|since
            """
        ),
    ),
    Cue(
        "acknowledged",
        1.0,
        phrase_lines(
            """
            thank_you|thanks for ..1 your|contacting|writing ..2 email|mail|message|us|request|enquiry|inquiry
            your ..2 request|ticket|case|enquiry|inquiry ..5 received|created|registered|opened|assigned
            received your email|mail|message|request|enquiry|inquiry
            """
        ),
    ),
    Cue(
        "headed_so",
        1.0,
        phrase_lines(
            """
            ^ automatic|auto|automated reply|response|answer
            ^ autoreply|autoresponder
            unattended|unmonitored mailbox|inbox|address
            mailbox|inbox|address is not monitored|read
            """
        ),
    ),
    Cue(
        "ticket_number",
        1.0,
        phrase_lines(
            """
            reference|ticket|case|request number|id|no is
            your|the ticket|case|reference|request # ..3 has
            one of our ..2 agents|colleagues|team|representatives ..3 will|shall
            quote|mention|keep ..4 reference|ticket|case ..2 number|id
            """
        ),
    ),
    Cue(
        "away",
        1.0,
        phrase_lines(
            """
            out of ..1 office
            i am|will ..2 away|abroad|on_leave|on_holiday|on_vacation|on_annual_leave|on_parental_leave|
                on_maternity_leave
            on annual|parental|maternity|sick leave
            """
        ),
    ),
    Cue(
        "who_instead",
        1.0,
        phrase_lines(
            """
            urgent|pressing|emergency ..6 contact|write|call|turn|mail|email
            my absence
            after|on|upon my return
            limited|no|sporadic ..1 access to ..2 email|emails|mail|mails|messages
            will ..2 reply|respond|answer|read ..4 return|back|when
            emails|mails|messages ..3 not be? forwarded|read
            """
        ),
    ),
)


@cache
def _book() -> RuleBook:
    return RuleBook(_CUES)


def machine_written(clauses: Iterable[Clause]) -> bool:
    """Whether a machine wrote these clauses; they contain no quoted mail, so quoting a machine is human."""
    signs: dict[str, float] = {}
    for clause in clauses:
        signs |= {name: cue.weight for name, cue in _book().hits(clause).items()}
    return sum(signs.values()) >= _ENOUGH
