"""Who is let in: keys, calls between services, local mode, OpenID Connect."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from pydantic import SecretStr

from shared.auth.authenticator import TOKEN_HEADERS, LocalAuthenticator, OidcAuthenticator, Refused
from shared.auth.tokens import (
    TokenRefused,
    identity_of_api_key,
    issue_api_key,
    mint_service_token,
    service_of_token,
)
from shared.clock import ManualClock
from shared.errors import ConfigurationError
from tests.unit.shared.auth.issuer import START, Issuer, oidc, settings

KEY = SecretStr("k" * 48)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


def key_of(clock: ManualClock, days: int = 1) -> tuple[str, str]:
    issued = issue_api_key(KEY, clock, organization_id="acme", name="export", role="member", days=days)
    return issued.key_id, issued.token


def test_a_key_names_its_organization_and_role(clock: ManualClock) -> None:
    """A machine's key opens one organization, with the role it was made for."""
    key_id, token = key_of(clock)
    found, identity = identity_of_api_key(token, KEY, clock)
    assert found == key_id
    assert (identity.organization_id, identity.role, identity.ambient) == ("acme", "member", False)


def test_a_key_ends_when_its_time_is_over(clock: ManualClock) -> None:
    """Expiry is checked against our clock, and a minute given for clocks that differ."""
    _, token = key_of(clock, days=1)
    clock.advance(86_460)
    with pytest.raises(TokenRefused):
        identity_of_api_key(token, KEY, clock)


@pytest.mark.parametrize("days", [0, 367])
def test_a_key_that_lives_for_ever_is_not_made(clock: ManualClock, days: int) -> None:
    """Lifetimes are bounded."""
    with pytest.raises(ValueError, match="between 1 and 366"):
        key_of(clock, days)


def test_a_key_of_another_installation_is_refused(clock: ManualClock) -> None:
    """Signatures are checked."""
    _, token = key_of(clock)
    with pytest.raises(TokenRefused):
        identity_of_api_key(token, SecretStr("x" * 48), clock)


def test_a_service_token_is_no_key_and_the_reverse(clock: ManualClock) -> None:
    """Tokens are good for one purpose only."""
    service = mint_service_token(KEY, clock, service="syncer", audience="connector")
    _, key = key_of(clock)
    with pytest.raises(TokenRefused):
        identity_of_api_key(service, KEY, clock)
    with pytest.raises(TokenRefused):
        service_of_token(key, KEY, clock, audience="connector")
    with pytest.raises(TokenRefused):
        service_of_token(service, KEY, clock, audience="detector")
    assert service_of_token(service, KEY, clock, audience="connector") == "syncer"


def test_a_service_whose_clock_is_ahead_is_let_in(clock: ManualClock) -> None:
    """Two machines' clocks are never the same; what was issued far in the future is not from a clock."""
    for ahead, good in ((59, True), (600, False)):
        theirs = ManualClock(START + timedelta(seconds=ahead))
        token = mint_service_token(KEY, theirs, service="syncer", audience="connector")
        if good:
            assert service_of_token(token, KEY, clock, audience="connector") == "syncer"
        else:
            with pytest.raises(TokenRefused):
                service_of_token(token, KEY, clock, audience="connector")


@pytest.mark.parametrize("claim", ["iat", "nbf"])
async def test_who_signed_in_this_second_is_let_in(clock: ManualClock, claim: str) -> None:
    """Also where the identity provider's clock is some seconds ahead of ours."""
    issuer = Issuer()
    token = issuer.token(**{claim: int(START.timestamp()) + 20})
    assert (await oidc(issuer, clock).identify({TOKEN_HEADERS[0]: token}, "10.0.0.7")).user_id == "u1"


CRITICAL = {
    "HS256": "eyJhbGciOiJIUzI1NiIsImNyaXQiOjF9.e30.AA",
    "RS256": "eyJhbGciOiJSUzI1NiIsImNyaXQiOjF9.e30.AA",
}
"""By algorithm, tokens whose header calls a number critical, where a list belongs."""


@pytest.mark.parametrize("rubbish", ["", "a.b.c", "x" * 5_000, "eyJhbGciOiJub25lIn0.e30.", CRITICAL["HS256"]])
def test_rubbish_is_refused(clock: ManualClock, rubbish: str) -> None:
    """Nothing that is no token of ours crashes or passes, unsigned ones included."""
    with pytest.raises(TokenRefused):
        identity_of_api_key(rubbish, KEY, clock)


@pytest.mark.parametrize(
    ("client", "host", "allowed"),
    [
        ("127.0.0.1", "127.0.0.1:8700", True),
        ("::1", "[::1]:8700", True),
        ("127.0.0.1", "localhost:8700", True),
        ("127.0.0.1", "evil.example:8700", False),
        ("10.0.0.7", "127.0.0.1:8700", False),
        (None, "127.0.0.1:8700", False),
        ("127.0.0.1", "", False),
    ],
)
async def test_local_mode_answers_this_machine_only(
    clock: ManualClock, client: str | None, host: str, allowed: bool
) -> None:
    """Neither another machine nor another site's name that points here gets in."""
    authenticator = LocalAuthenticator(settings(), clock, set())
    if allowed:
        assert (await authenticator.identify({"host": host}, client)).organization_id == "local"
    else:
        with pytest.raises(Refused):
            await authenticator.identify({"host": host}, client)


@pytest.mark.parametrize(
    "header",
    ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via"],
)
async def test_nobody_is_signed_in_through_a_proxy(clock: ManualClock, header: str) -> None:
    """It speaks from this machine and asks for 127.0.0.1, whoever is behind it; keys work all the same."""
    _, token = key_of(clock)
    authenticator = LocalAuthenticator(settings(), clock, set())
    passed_on = {"host": "127.0.0.1:8700", header: "127.0.0.1"}
    with pytest.raises(Refused, match="proxy"):
        await authenticator.identify(passed_on, "127.0.0.1")
    by_key = await authenticator.identify({**passed_on, "authorization": f"Bearer {token}"}, "127.0.0.1")
    assert by_key.organization_id == "acme"


async def test_a_revoked_key_is_refused(clock: ManualClock) -> None:
    """Revoking works before the key's own time is over."""
    key_id, token = key_of(clock)
    authenticator = LocalAuthenticator(settings(), clock, {key_id})
    with pytest.raises(Refused, match="revoked"):
        await authenticator.identify({"authorization": f"Bearer {token}"}, "10.0.0.7")


def test_oidc_without_its_settings_is_named(clock: ManualClock) -> None:
    """The operator learns which settings are missing."""
    with pytest.raises(ConfigurationError, match="EARSHOT_OIDC_ISSUER"):
        OidcAuthenticator(settings(auth_mode="oidc"), clock, set(), httpx.AsyncClient())


@pytest.mark.parametrize("header", TOKEN_HEADERS)
async def test_an_identity_token_names_person_organization_and_role(clock: ManualClock, header: str) -> None:
    """The provider's word is taken, under either name, when its signature, audience and time hold."""
    issuer = Issuer()
    identity = await oidc(issuer, clock).identify({header: issuer.token()}, "10.0.0.7")
    assert (identity.organization_id, identity.role, identity.email) == (
        "acme",
        "admin",
        "dana@acme.example",
    )
    assert identity.ambient


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://evil.example"},
        {"aud": "other"},
        {"exp": int(START.timestamp()) - 600},
        {"organization_id": None},
        {"organization_id": ""},
    ],
)
async def test_an_identity_token_that_is_not_for_us_is_refused(
    clock: ManualClock, change: dict[str, object]
) -> None:
    """Issuer, audience, expiry and organization are all asked for."""
    issuer = Issuer()
    with pytest.raises(Refused):
        await oidc(issuer, clock).identify({"x-forwarded-access-token": issuer.token(**change)}, None)


@pytest.mark.parametrize("alg", ["HS256", "RS256"])
@pytest.mark.parametrize("header", [TOKEN_HEADERS[0], "authorization"])
async def test_a_header_that_cannot_be_understood_is_refused(
    clock: ManualClock, header: str, alg: str
) -> None:
    """It is the caller's fault, and is said to be."""
    with pytest.raises(Refused) as refusal:
        await oidc(Issuer(), clock).identify(
            {header: f"Bearer {CRITICAL[alg]}" if header == "authorization" else CRITICAL[alg]}, "10.0.0.7"
        )
    assert refusal.value.status == 401


async def test_an_identity_token_as_bearer_may_be_a_browser_s(clock: ManualClock) -> None:
    """Proxies pass a session on that way too, so forms need their token; only our own keys need none."""
    issuer, (_, key) = Issuer(), key_of(clock)
    authenticator = oidc(issuer, clock)
    by_token = await authenticator.identify({"authorization": f"Bearer {issuer.token()}"}, None)
    by_key = await authenticator.identify({"authorization": f"Bearer {key}"}, None)
    assert (by_token.user_id, by_token.ambient, by_key.ambient) == ("u1", True, False)


@pytest.mark.parametrize(
    ("said", "email"),
    [
        ({}, "dana@acme.example"),
        ({"email_verified": True}, "dana@acme.example"),
        ({"email_verified": "true"}, "dana@acme.example"),
        ({"email_verified": False}, ""),
        ({"email_verified": "false"}, ""),
        ({"email_verified": 0}, ""),
    ],
)
async def test_an_address_that_is_not_verified_is_nobody_s(
    clock: ManualClock, said: dict[str, object], email: str
) -> None:
    """Whoever writes another's address into a profile gets nothing that is meant for that address."""
    issuer = Issuer()
    identity = await oidc(issuer, clock).identify({TOKEN_HEADERS[0]: issuer.token(**said)}, None)
    assert (identity.user_id, identity.email, identity.role) == ("u1", email, "admin")


@pytest.mark.parametrize(
    ("said", "noted"),
    [
        ({"name": "Dana Ito"}, "dana@acme.example"),
        ({"name": "Dana Ito", "email_verified": False}, "Dana Ito"),
        ({"name": "ceo@acme.example", "email_verified": False}, "u1"),
        ({"name": "D" * 1_000, "email": ""}, "D" * 254),
    ],
)
async def test_what_somebody_does_is_noted_under_a_name_that_counts(
    clock: ManualClock, said: dict[str, object], noted: str
) -> None:
    """Never under none, which stands for Earshot itself, nor under an address that is not verified."""
    issuer = Issuer()
    identity = await oidc(issuer, clock).identify({TOKEN_HEADERS[0]: issuer.token(**said)}, None)
    assert identity.known_by == noted


@pytest.mark.parametrize("header", TOKEN_HEADERS)
async def test_a_token_of_another_key_is_refused(clock: ManualClock, header: str) -> None:
    """A forged signature does not pass, although its key id is ours."""
    issuer, forger = Issuer(), Issuer()
    with pytest.raises(Refused):
        await oidc(issuer, clock).identify({header: forger.token()}, None)


async def test_roles_default_to_member(clock: ManualClock) -> None:
    """Nobody becomes an administrator by accident."""
    issuer = Issuer()
    token = issuer.token(earshot_role="owner")
    assert (await oidc(issuer, clock).identify({"x-forwarded-access-token": token}, None)).role == "member"


def test_a_new_key_does_not_show_its_token() -> None:
    """What is printed of it, in a traceback or a log, is no key."""
    issued = issue_api_key(
        KEY, ManualClock(START), organization_id="acme", name="export", role="member", days=1
    )
    assert issued.token not in repr(issued)
