"""Which recipients are e-mail addresses: those of the inbox and of e-mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.notifier.errors import DeliveryRefused
from shared.mail import is_mail_address

if TYPE_CHECKING:
    from services.notifier.domain.rule import Recipient

_MOST_SHOWN = 80
"""Characters shown in the log of a recipient that is no address."""


def address_of(recipient: Recipient) -> str:
    """Return the address as it was given. Raises DeliveryRefused if it is none.

    The recipient's key is for comparing only: folding its letters may make another address of it.
    """
    if not is_mail_address(recipient.label):
        raise DeliveryRefused(
            f"{recipient.label[:_MOST_SHOWN]!r} is no e-mail address. Correct it in the rule, or where the"
            " account's owner comes from.",
            reason="refused_address",
        )
    return recipient.label
