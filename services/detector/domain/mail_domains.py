"""Which e-mail domain identifies a company, and which customers its people's domains point to.

A shared domain is a hint for a person to judge, never a match: agencies, holdings and resellers write for
several companies.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.detector.domain.mirror import Writers

_ANY_ENDING = frozenset({
    "aol", "gmail", "gmx", "googlemail", "hotmail", "icloud", "laposte", "live", "mail", "msn", "outlook",
    "proton", "protonmail", "rocketmail", "tutanota", "yahoo", "yandex", "ymail", "zoho", "zohomail",
})  # fmt: skip
"""Mail services with the same name in many countries: yahoo.com, yahoo.fr, yahoo.co.uk."""

_ENDING = r"\.(?:com|net|org|me|email|[a-z]{2}|(?:co|com|net|org)\.[a-z]{2})"
_FREE_NAME = re.compile(rf"(?:{'|'.join(sorted(_ANY_ENDING))}){_ENDING}")

FREE_MAIL = frozenset({
    # Free mail.
    "10minutemail.com", "126.com", "163.com", "bk.ru", "daum.net", "duck.com", "email.com", "fastmail.com",
    "fastmail.fm", "freenet.de", "guerrillamail.com", "hanmail.net", "hey.com", "hushmail.com", "inbox.com",
    "inbox.ru", "interia.pl", "list.ru", "mac.com", "mail.ru", "mailinator.com", "me.com", "naver.com",
    "o2.pl", "onet.pl", "pm.me", "posteo.de", "qq.com", "rambler.ru", "rediffmail.com", "seznam.cz",
    "sina.com", "tuta.com", "tuta.io", "ukr.net", "web.de", "wp.pl", "yopmail.com",
    # Addresses that internet providers give their customers.
    "arcor.de", "att.net", "bellsouth.net", "bigpond.com", "bluewin.ch", "btinternet.com", "charter.net",
    "comcast.net", "cox.net", "earthlink.net", "free.fr", "libero.it", "ntlworld.com", "optonline.net",
    "optusnet.com.au", "orange.fr", "rogers.com", "sbcglobal.net", "sfr.fr", "shaw.ca", "sky.com",
    "t-online.de", "talktalk.net", "telenet.be", "telia.com", "terra.com.br", "tiscali.it", "uol.com.br",
    "verizon.net", "virgilio.it", "virginmedia.com", "wanadoo.fr", "xs4all.nl", "ziggo.nl",
    # Addresses that services generate for people.
    "anonaddy.com", "anonaddy.me", "intercom-mail.com", "mozmail.com", "privaterelay.appleid.com",
    "simplelogin.com", "users.noreply.github.com",
})  # fmt: skip
"""Domains that do not tell whom somebody works for. The list is short and our own: what it misses costs
one question that is answered No, and only where the people of exactly one customer use the domain too."""

_LISTED_IN = frozenset({
    "contact_email", "domain", "domains", "e-mail", "email", "email_domain", "email_domains", "website",
})  # fmt: skip
"""Further columns of the organization's own list that name a customer's domain, as an address or alone."""

_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})")
_MOST_DOMAIN = 253
_MOST_LISTED = 10
"""Domains that are read from one customer's row."""

_BEFORE_DOMAIN = re.compile(r"^(?:[a-z]+://)?(?:[^/@]*@)?(?:www\.)?")
_AFTER_DOMAIN = re.compile(r"[/:?#].*$|\.$")
_APART = re.compile(r"[\s,;]+")


@dataclass(frozen=True, slots=True)
class Hint:
    """A customer that a company may be, because both use a domain.

    `listed` says that the organization's own list names the domain for the customer, and that none of the
    customer's people were seen to write from it.
    """

    customer_id: str
    domain: str
    listed: bool = False


def company_domain(address: str | None) -> str | None:
    """Return the domain of an e-mail address, or None if it does not identify a company."""
    name, at, domain = (address or "").strip().casefold().rpartition("@")
    return _telling(domain.removesuffix(".")) if name and at else None


def listed_domains(attributes: Mapping[str, str]) -> tuple[str, ...]:
    """Return the domains that a customer's row names, in e-mail addresses, web addresses or alone."""
    said = (
        one
        for column, value in sorted(attributes.items())
        if column.strip().casefold().replace(" ", "_") in _LISTED_IN
        for one in _APART.split(value.casefold())
    )
    bare = (_AFTER_DOMAIN.sub("", _BEFORE_DOMAIN.sub("", one)) for one in said)
    return tuple(dict.fromkeys(domain for one in bare if (domain := _telling(one))))[:_MOST_LISTED]


def _telling(domain: str) -> str | None:
    if len(domain) > _MOST_DOMAIN or not _DOMAIN.fullmatch(domain):
        return None
    labels = domain.split(".")
    parents = [".".join(labels[start:]) for start in range(len(labels) - 1)]
    free = any(parent in FREE_MAIL or _FREE_NAME.fullmatch(parent) for parent in parents)
    return None if free else domain


def hints_of(
    writing: Mapping[str, int],
    customers: Mapping[str, frozenset[str]],
    listed: Mapping[str, frozenset[str]],
) -> tuple[Hint, ...]:
    """Return the customers that a company's people point to, by the domain that most of them write from.

    A domain points to a customer only if no other customer's people write from it and no other customer's row
    names it. Each customer is returned once.

    Args:
        writing: how many people of the company write from each domain.
        customers: the customers whose people write from each domain.
        listed: the customers whose row names each domain.
    """
    hints: dict[str, Hint] = {}
    for domain in sorted(writing, key=lambda one: (-writing[one], one)):
        seen, named = customers.get(domain, frozenset()), listed.get(domain, frozenset())
        if len(seen | named) == 1:
            (customer_id,) = seen | named
            hints.setdefault(customer_id, Hint(customer_id, domain, listed=not seen))
    return tuple(hints.values())


def people_by_domain(writers: list[Writers], company_key: str) -> dict[str, int]:
    """Return how many people of a company write from each domain."""
    counts: dict[str, int] = {}
    for writer in writers:
        if company_key in writer.company_keys:
            counts[writer.domain] = counts.get(writer.domain, 0) + writer.people
    return counts
