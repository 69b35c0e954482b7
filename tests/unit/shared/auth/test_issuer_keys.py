"""The identity provider's keys outlast its absence, follow its rotations, and are not asked for too often."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from shared.auth.authenticator import OidcAuthenticator, Refused
from shared.clock import ManualClock
from tests.unit.shared.auth.issuer import START, Issuer, oidc

AWAY = [httpx.Response(502), httpx.Response(200, json={"keys": []}), httpx.Response(200, json=[1])]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


async def _signs_in(authenticator: OidcAuthenticator, token: str) -> int:
    """Return 200, or the status that the person is refused with."""
    try:
        await authenticator.identify({"x-forwarded-access-token": token}, None)
    except Refused as refusal:
        return refusal.status
    return 200


async def _turns(count: int = 50) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_keys_are_asked_for_once_in_a_while(clock: ManualClock) -> None:
    """They are kept for minutes and then asked for again."""
    issuer = Issuer()
    authenticator = oidc(issuer, clock)
    for _ in range(3):
        assert await _signs_in(authenticator, issuer.token()) == 200
    assert issuer.asked == 1
    clock.advance(301)
    assert await _signs_in(authenticator, issuer.token()) == 200
    assert issuer.asked == 2


@pytest.mark.parametrize("away", AWAY)
async def test_known_keys_serve_while_the_provider_is_away(clock: ManualClock, away: httpx.Response) -> None:
    """One refresh that fails, or that brings nothing to check with, signs nobody out; an hour does."""
    issuer = Issuer()
    authenticator = oidc(issuer, clock)
    token = issuer.token()
    assert await _signs_in(authenticator, token) == 200
    issuer.away = away
    for _ in range(11):
        clock.advance(301)
        assert await _signs_in(authenticator, token) == 200
    clock.advance(301)
    assert await _signs_in(authenticator, token) == 503


@pytest.mark.parametrize(
    "beside",
    [
        {"kty": "EC", "kid": "curve", "crv": "brainpoolP256r1", "x": "AAAA", "y": "AAAA"},
        {"kty": "RSA", "kid": "half", "e": "AQAB"},
        {"kty": "RSA", "kid": "use", "use": "tls", "n": "AQAB", "e": "AQAB"},
        {"kty": "AKP", "kid": "new", "alg": "ML-DSA-65", "pub": "AAAA"},
        {},
        None,
    ],
)
async def test_a_key_of_an_unknown_kind_shuts_nobody_out(clock: ManualClock, beside: object) -> None:
    """A provider adds kinds of keys as it likes; a set is read without those that are not understood."""
    issuer = Issuer()
    issuer.beside = [beside]
    assert await _signs_in(oidc(issuer, clock), issuer.token()) == 200


async def test_without_keys_it_says_whose_fault_it_is(clock: ManualClock) -> None:
    """Whoever holds a good token is not told to sign in; and the provider is left alone for a moment."""
    issuer = Issuer()
    issuer.away = httpx.Response(502)
    authenticator = oidc(issuer, clock)
    for _ in range(5):
        with pytest.raises(Refused, match="keys cannot be read") as refused:
            await authenticator.identify({"x-forwarded-access-token": issuer.token()}, None)
        assert refused.value.status == 503
    assert issuer.asked == 1
    issuer.away = None
    clock.advance(11)
    assert await _signs_in(authenticator, issuer.token()) == 200


async def test_requests_that_wait_share_one_question(clock: ManualClock) -> None:
    """However many come while the provider thinks, it is asked once; one that leaves takes nobody along."""
    issuer = Issuer()
    issuer.gate.clear()
    authenticator = oidc(issuer, clock)
    waiting = [asyncio.create_task(_signs_in(authenticator, issuer.token())) for _ in range(20)]
    await _turns()
    waiting[0].cancel()
    await _turns()
    issuer.gate.set()
    assert await asyncio.gather(*waiting[1:]) == [200] * 19
    assert issuer.asked == 1


async def test_nobody_waits_for_a_provider_that_is_known_to_be_away(clock: ManualClock) -> None:
    """After the first failure the keys that are known serve at once, while it is asked beside."""
    issuer = Issuer()
    authenticator = oidc(issuer, clock)
    token = issuer.token()
    await _signs_in(authenticator, token)
    clock.advance(301)
    issuer.away = httpx.Response(502)
    await _signs_in(authenticator, token)
    issuer.gate.clear()
    clock.advance(11)
    async with asyncio.timeout(1):
        assert await _signs_in(authenticator, token) == 200
    await _turns()
    assert issuer.asked == 3
    issuer.away = None
    issuer.gate.set()
    await _turns()
    clock.advance(299)
    assert await _signs_in(authenticator, token) == 200
    assert issuer.asked == 3


async def test_a_new_key_is_learned_with_its_first_token(clock: ManualClock) -> None:
    """A rotation locks nobody out until the keys would have been asked for anyway."""
    issuer = Issuer()
    authenticator = oidc(issuer, clock)
    await _signs_in(authenticator, issuer.token())
    issuer.rotate("two")
    clock.advance(11)
    assert await _signs_in(authenticator, issuer.token()) == 200
    assert issuer.asked == 2


async def test_made_up_key_ids_do_not_have_the_provider_asked_each_time(clock: ManualClock) -> None:
    """A forger gets 401, and the provider a question each ten seconds at most."""
    issuer, forger = Issuer(), Issuer()
    authenticator = oidc(issuer, clock)
    await _signs_in(authenticator, issuer.token())
    for number in range(40):
        clock.advance(1)
        forger.rotate(f"forged-{number % 4}")
        assert await _signs_in(authenticator, forger.token()) == 401
    assert issuer.asked == 1 + 4


async def test_a_key_that_may_be_new_is_not_called_wrong_while_nobody_can_tell(clock: ManualClock) -> None:
    """The provider changed its key and went away: its token may be good, and the others still are."""
    issuer = Issuer()
    authenticator = oidc(issuer, clock)
    old = issuer.token()
    await _signs_in(authenticator, old)
    issuer.rotate("two")
    issuer.away = httpx.Response(502)
    clock.advance(11)
    assert await _signs_in(authenticator, issuer.token()) == 503
    assert await _signs_in(authenticator, old) == 200
