"""Settings that every service has. A service adds its own in `services/<name>/settings.py`."""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from shared.errors import ConfigurationError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_Model = TypeVar("_Model", bound=BaseSettings)

_SHORTEST_SIGNING_KEY = 32
"""Characters; HMAC-SHA256 wants a key of at least its own 32 bytes (RFC 7518 §3.2)."""


def _with_scheme_and_host(address: str) -> str:
    try:
        parts = urlsplit(address)
        # Accessed because this is what rejects a port that is not a number.
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        # Its message would repeat the address.
        usable = False
    if not usable:
        raise ValueError("it must begin with https:// (or http://) and a host")
    return address


def _brokers(servers: str) -> str:
    if not all(_is_broker(one.strip()) for one in servers.split(",")):
        raise ValueError("name brokers by host and port alone, like kafka-1:9092,kafka-2:9092")
    return servers


def _is_broker(name: str) -> bool:
    number = re.fullmatch(r"\[(.+)\](:\d{1,5})?", name)
    if number is None and name.count(":") < 2:  # noqa: PLR2004 - more are no host with its port
        return re.fullmatch(r"[\w.-]+(:\d{1,5})?", name) is not None
    try:
        IPv6Address(number[1] if number else name)
    except ValueError:
        return False
    return True


def _long_enough(key: SecretStr) -> SecretStr:
    if len(key) < _SHORTEST_SIGNING_KEY:
        raise ValueError(
            f"it must have {_SHORTEST_SIGNING_KEY} characters or more, like what is printed by: python3 -c"
            ' "import secrets; print(secrets.token_urlsafe(48))"'
        )
    return key


def _currency_code(code: str) -> str:
    if re.fullmatch(r"[A-Za-z]{3}", code) is None:
        raise ValueError("it must be a currency's code of ISO 4217: three letters, like EUR")
    return code.upper()


HttpAddress = Annotated[str, AfterValidator(_with_scheme_and_host)]
"""An address that can be called, or prefixed to a path, as it is."""

Brokers = Annotated[str, AfterValidator(_brokers)]
"""Kafka's brokers, separated by commas; without a port, Kafka's own port 9092 is meant."""

CurrencyCode = Annotated[str, AfterValidator(_currency_code)]
"""Checked by its form alone: the list of ISO 4217 changes, and a new currency must be accepted at once."""

DatabasePrefix = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}$")]
"""The beginning of all services' database names."""


def read_settings(model: type[_Model]) -> _Model:
    """Read `model` from the environment.

    Raises:
        ConfigurationError: one line for each setting that cannot be used, named as people set it; no
            value is shown.
    """
    try:
        return model()
    except SettingsError as error:
        # The message has the field, as it is spelt in the code, and nothing else that is worth telling.
        field = re.search(r'"(\w+)"', str(error))
        name = _variable(model, field.group(1)) if field else "A setting"
        raise ConfigurationError(f"{name}: what is there is not JSON, and has to be") from error
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        raise ConfigurationError("\n".join(_said(model, problem) for problem in problems)) from error


def _said(model: type[BaseSettings], problem: ErrorDetails) -> str:
    what = problem["msg"].removeprefix("Value error, ")
    if not problem["loc"]:
        # Of several settings together; such a message names them itself.
        return what
    field = "_".join(str(step) for step in problem["loc"])
    return f"{_variable(model, field)}: {what}"


def _variable(model: type[BaseSettings], field: str) -> str:
    return f"{model.model_config['env_prefix']}{field}".upper()


class KafkaSecuritySettings(BaseSettings):
    """How clients and Kafka authenticate each other; the same for everything that connects to Kafka.

    Here and in all settings that include this, a blank value counts as unset, which is what shells and env
    files mean by it: an empty secret would admit whoever signs with an empty one.
    """

    model_config = SettingsConfigDict(
        env_prefix="EARSHOT_",
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
        # What is to be JSON is read before the validator below could see that it is blank.
        env_ignore_empty=True,
    )

    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="As Kafka's own clients name it; SSL means TLS."
    )
    kafka_ca_file: str | None = Field(
        default=None, description="Certificates that brokers' are checked against; unset for the system's."
    )
    kafka_client_certificate_file: str | None = Field(
        default=None, description="This client's own certificate, where brokers ask for one."
    )
    kafka_client_key_file: str | None = Field(
        default=None, description="Its key; unset where the certificate's file holds it."
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_username: str | None = None
    kafka_password: SecretStr | None = None

    @model_validator(mode="before")
    @classmethod
    def _blank_is_unset(cls, values: dict[str, Any]) -> dict[str, Any]:
        return {
            name: value
            for name, value in values.items()
            if not (isinstance(value, str) and not value.strip())
        }

    @model_validator(mode="after")
    def _all_that_the_protocol_needs(self) -> Self:
        if self.kafka_security_protocol.startswith("SASL") and not (
            self.kafka_username and self.kafka_password
        ):
            raise ValueError(
                f"EARSHOT_KAFKA_SECURITY_PROTOCOL is {self.kafka_security_protocol}: set"
                " EARSHOT_KAFKA_USERNAME and EARSHOT_KAFKA_PASSWORD as well"
            )
        tls = (self.kafka_ca_file, self.kafka_client_certificate_file, self.kafka_client_key_file)
        if any(tls) and not self.kafka_security_protocol.endswith("SSL"):
            raise ValueError(
                "EARSHOT_KAFKA_CA_FILE and the client's certificate mean nothing without TLS: set"
                " EARSHOT_KAFKA_SECURITY_PROTOCOL to SSL or SASL_SSL"
            )
        if self.kafka_client_key_file and not self.kafka_client_certificate_file:
            raise ValueError("EARSHOT_KAFKA_CLIENT_KEY_FILE needs EARSHOT_KAFKA_CLIENT_CERTIFICATE_FILE")
        return self


class KafkaSettings(KafkaSecuritySettings):
    """Kafka's address as well; the same for everything that uses a running Kafka."""

    kafka_bootstrap_servers: Brokers = "127.0.0.1:19092"


class ServiceSettings(KafkaSettings):
    """What a service needs to know of its environment; read from `EARSHOT_…` once, in `__main__`.

    Raises pydantic's `ValidationError`, which names the setting, if a value cannot be used.
    """

    mongodb_uri: SecretStr = SecretStr("mongodb://127.0.0.1:27117")
    database_prefix: DatabasePrefix = "earshot"

    consumer_instance: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9._-]{1,100}$",
        description="A name that this process, and none beside it, bears again after a restart: it then has"
        " its partitions back at once. Unset where replicas come and go.",
    )

    http_host: str = "127.0.0.1"
    http_port: int = Field(ge=1, le=65_535)
    public_url: HttpAddress = Field(
        default="http://127.0.0.1:8700", description="Where people and webhooks reach this installation."
    )

    auth_mode: Literal["local", "oidc"] = Field(
        default="local", description="local signs in by itself, and answers loopback clients only."
    )
    signing_key: Annotated[SecretStr, AfterValidator(_long_enough)] = Field(
        description="Signs bearer keys and calls between services. The same for all services.",
    )
    oidc_issuer: str | None = None
    oidc_audience: str | None = None
    oidc_jwks_url: HttpAddress | None = None
    oidc_organization_claim: str = "organization_id"
    oidc_role_claim: str = "earshot_role"

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["console", "json"] = "json"

    shutdown_grace_seconds: float = Field(
        default=15.0, gt=0, le=600, description="How long work under way may take to finish on SIGTERM."
    )

    def database_name(self, service: str) -> str:
        """Return the name of the one database that `service` owns."""
        return f"{self.database_prefix}_{service}"
