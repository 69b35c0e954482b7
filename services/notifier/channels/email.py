"""Mail over SMTP: plain text with an HTML alternative, one Message-ID for all attempts."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import TYPE_CHECKING

import aiosmtplib
from markupsafe import Markup

from services.notifier.channels.addressed import address_of
from services.notifier.channels.wording import Words, words_of
from services.notifier.errors import DeliveryPostponed, DeliveryRefused

if TYPE_CHECKING:
    from services.notifier.ports import Message
    from services.notifier.settings import Settings
    from shared.contracts.deliveries import ChannelName

_PERMANENT = 500
"""SMTP's replies from 500 on are final (RFC 5321 §4.2.1)."""

_BODY = Markup(
    '<!doctype html><html lang="en"><body style="font-family:sans-serif;font-size:15px;color:#1b1c1e">'
    '<p style="margin:0;color:#5c6066">{kind}</p><h1 style="font-size:18px;margin:4px 0 12px">{customer}</h1>'
    '{quote}{who}{reasons}<p style="color:#5c6066">{facts}</p>'
    '<p><a href="{link}" style="color:#2f55c8">Open in Earshot</a></p>'
    '<p style="color:#5c6066;font-size:12px">Sent by the rule “{rule}”.</p></body></html>'
)
_QUOTE = Markup(
    '<blockquote style="margin:0 0 8px;padding-left:12px;border-left:3px solid #e3e3df">“{}”</blockquote>'
)
_REASON = Markup('<p style="margin:0 0 12px">{}</p>')
_WHO = Markup('<p style="margin:0 0 12px">{}</p>')


class EmailChannel:
    """Sends through the one mail server that the settings name."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def name(self) -> ChannelName:
        return "email"

    async def deliver(self, message: Message) -> str:
        settings = self._settings
        if settings.smtp_host is None:
            raise DeliveryRefused(
                "No mail server is configured. Set EARSHOT_SMTP_HOST and send again.", reason="not_configured"
            )
        address = address_of(message.notification.recipient)
        password = settings.smtp_password
        try:
            _, answer = await aiosmtplib.send(
                self._mail(message, address),
                sender=parseaddr(settings.email_from)[1],
                recipients=[address],
                hostname=settings.smtp_host,
                port=settings.smtp_port,
                username=settings.smtp_username,
                password=password.get_secret_value() if password else None,
                timeout=settings.notify_timeout_seconds,
                use_tls=settings.smtp_tls == "tls",
                start_tls=settings.smtp_tls == "starttls",
            )
        except (aiosmtplib.SMTPException, OSError) as error:
            raise _decision(error, address) from error
        return f"The mail server took it: {answer[:200]}"

    def _mail(self, message: Message, address: str) -> EmailMessage:
        words = words_of(message)
        mail = EmailMessage()
        mail["Subject"] = mail_subject(words)
        mail["From"] = self._settings.email_from
        local, _, domain = address.rpartition("@")
        mail["To"] = Address(username=local, domain=domain)
        mail["Date"] = format_datetime(message.at)
        # The same in every attempt, so that a mailbox that got it twice shows it once.
        mail["Message-ID"] = f"<{message.notification.id}@earshot.invalid>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(mail_text(words))
        mail.add_alternative(_html(words), subtype="html")
        return mail


def _decision(error: Exception, address: str) -> DeliveryPostponed | DeliveryRefused:
    """Return whether mail that met this error is retried, with the reason for the delivery log."""
    match error:
        case aiosmtplib.SMTPRecipientsRefused():
            first = error.recipients[0]
            return _by_code(
                first.code, f"The mail server refused the recipient: {first.code} {first.message}"
            )
        # Below 500 its own directory of names is away, or it has seen too many sign-ins (RFC 4954: 454).
        case aiosmtplib.SMTPAuthenticationError() if error.code >= _PERMANENT:
            return DeliveryRefused(
                f"The mail server refused our name or password ({error.code}). Check EARSHOT_SMTP_USERNAME"
                " and EARSHOT_SMTP_PASSWORD.",
                reason="not_configured",
                status=error.code,
            )
        case aiosmtplib.SMTPResponseException():
            return _by_code(error.code, f"The mail server said {error.code} {error.message}")
        case aiosmtplib.SMTPNotSupported() if not address.isascii():
            return DeliveryRefused(
                f"The mail server only takes addresses of plain ASCII letters, and {address!r} has others.",
                reason="refused_address",
            )
        case aiosmtplib.SMTPTimeoutError():
            return DeliveryPostponed("The mail server did not answer in time.", reason="timed_out")
        case _:
            return _without_answer(error)


def _without_answer(error: Exception) -> DeliveryPostponed:
    # Of this class itself is what aiosmtplib says where the server offers no STARTTLS, or no sign-in.
    if type(error) is aiosmtplib.SMTPException:
        return DeliveryPostponed(
            f"The mail server does not offer what the settings ask for: {str(error)[:200]} Check"
            " EARSHOT_SMTP_TLS, EARSHOT_SMTP_PORT and EARSHOT_SMTP_USERNAME.",
            reason="not_configured",
        )
    return DeliveryPostponed(
        f"The mail server could not be reached: {type(error).__name__}.", reason="unreachable"
    )


def _by_code(code: int, answer: str) -> DeliveryPostponed | DeliveryRefused:
    if code >= _PERMANENT:
        return DeliveryRefused(answer[:400], reason="rejected", status=code)
    return DeliveryPostponed(answer[:400], reason="rejected", status=code)


def mail_subject(words: Words) -> str:
    return words.headline[:200]


def mail_text(words: Words) -> str:
    """Return the body in plain text; the other one says the same in HTML."""
    lines = [words.headline, ""]
    if words.quote:
        lines += [f"“{words.quote}”", *([words.who] if words.who else []), ""]
    if words.reasons:
        lines += [*words.reasons, ""]
    return "\n".join(
        [*lines, " · ".join(words.facts), "", words.link, "", f"Sent by the rule “{words.rule}”."]
    )


def _html(words: Words) -> str:
    return str(
        _BODY.format(
            kind=words.kind,
            customer=words.customer,
            quote=_QUOTE.format(words.quote) if words.quote else "",
            who=_WHO.format(words.who) if words.who else "",
            reasons=Markup("").join(_REASON.format(reason) for reason in words.reasons),
            facts=" · ".join(words.facts),
            link=words.link,
            rule=words.rule,
        )
    )
