"""Where customers' words may go is checked before anything starts."""

from __future__ import annotations

import pytest
from pydantic import SecretStr, ValidationError

from services.detector.settings import Settings


def settings(url: str, name: str = "small") -> Settings:
    return Settings(
        signing_key=SecretStr("k" * 40),
        language_model_url=url,
        language_model_name=name,
        language_model_key=SecretStr("planted-key"),
    )


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://models.example/v1/", "https://models.example/v1"),
        ("https://10.0.0.5/v1", "https://10.0.0.5/v1"),
        ("http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/v1"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("http://localhost:8000/v1", "http://localhost:8000/v1"),
    ],
)
def test_https_anywhere_and_http_to_this_machine(url: str, kept: str) -> None:
    """The operator's own network is the operator's choice; plain HTTP stays on this machine."""
    assert settings(url).language_model_url == kept


@pytest.mark.parametrize(
    "url",
    [
        "http://models.example/v1",
        "http://127.0.0.1.example/v1",
        "http://10.0.0.5/v1",
        "ftp://models.example",
        "models.example/v1",
        "https://user:pw@models.example/v1",
        "https://models.example/v1?key=1",
    ],
)
def test_other_addresses_are_refused_without_quoting_secrets(url: str) -> None:
    """Plain HTTP to others, other schemes, passwords and queries in the address stop the start."""
    with pytest.raises(ValidationError) as refused:
        settings(url)
    assert "planted-key" not in str(refused.value)


def test_a_model_has_a_name_and_the_key_is_never_shown() -> None:
    """An address without a model's name is a mistake; printing the settings prints no key."""
    with pytest.raises(ValidationError, match="EARSHOT_LANGUAGE_MODEL_NAME"):
        settings("https://models.example/v1", name="")
    assert "planted-key" not in repr(settings("https://models.example/v1"))


def in_currency(code: str) -> Settings:
    return Settings(signing_key=SecretStr("k" * 40), currency=code)


@pytest.mark.parametrize(("code", "kept"), [("EUR", "EUR"), ("chf", "CHF")])
def test_amounts_are_in_a_currency_by_its_code(code: str, kept: str) -> None:
    """Small letters are meant as large ones; without a word it is the dollar."""
    assert in_currency(code).currency == kept
    assert Settings(signing_key=SecretStr("k" * 40)).currency == "USD"


@pytest.mark.parametrize("code", ["€", "EURO", "E1R", "eu", "EUR\n", "ÄÖÜ"])
def test_what_is_no_code_of_a_currency_stops_the_start(code: str) -> None:
    """The message says what one looks like."""
    with pytest.raises(ValidationError, match="three letters, like EUR"):
        in_currency(code)
