"""Settings that every service has. A service adds its own in `services/<name>/settings.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self, TypeVar

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from shared.errors import ConfigurationError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_Model = TypeVar("_Model", bound=BaseSettings)

_SHORTEST_SIGNING_KEY = 32
"""Characters; HMAC-SHA256 wants a key of at least its own 32 bytes (RFC 7518 §3.2)."""


def read_settings(model: type[_Model]) -> _Model:
    """Read `model` from the environment.

    Raises:
        ConfigurationError: a line for each that cannot be used, named as people set it; no value is shown.
    """
    try:
        return model()
    except SettingsError as error:
        # The message names the field, and says nothing else.
        raise ConfigurationError(f"A value is not the JSON that it has to be: {error}") from error
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        raise ConfigurationError("\n".join(_said(model, problem) for problem in problems)) from error


def _said(model: type[BaseSettings], problem: ErrorDetails) -> str:
    what = problem["msg"].removeprefix("Value error, ")
    if not problem["loc"]:
        # Of several settings together; such a message names them itself.
        return what
    field = "_".join(str(step) for step in problem["loc"])
    return f"{model.model_config['env_prefix']}{field}".upper() + f": {what}"


class KafkaSecuritySettings(BaseSettings):
    """How clients prove themselves to Kafka, and how they know it; the same for all that speak to it."""

    model_config = SettingsConfigDict(
        env_prefix="EARSHOT_", frozen=True, extra="ignore", hide_input_in_errors=True
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
    """Where Kafka is as well; the same for all that find it running."""

    kafka_bootstrap_servers: str = "127.0.0.1:19092"


class ServiceSettings(KafkaSettings):
    """What a service needs to know of its surroundings; read from `EARSHOT_…` once, in `__main__`.

    Raises pydantic's `ValidationError`, which names the setting, when a value cannot be used.
    """

    mongodb_uri: SecretStr = SecretStr("mongodb://127.0.0.1:27117")
    database_prefix: str = Field(default="earshot", pattern=r"^[a-z][a-z0-9_]{0,30}$")

    consumer_instance: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9._-]{1,100}$",
        description="A name that this process, and none beside it, bears again after a restart: it then has"
        " its partitions back at once. Unset where replicas come and go.",
    )

    http_host: str = "127.0.0.1"
    http_port: int = Field(ge=1, le=65_535)
    public_url: str = Field(
        default="http://127.0.0.1:8700", description="Where people and webhooks reach this installation."
    )

    auth_mode: Literal["local", "oidc"] = Field(
        default="local", description="local signs in by itself, and answers loopback clients only."
    )
    signing_key: SecretStr = Field(
        min_length=_SHORTEST_SIGNING_KEY,
        description="Signs sessions, bearer keys and calls between services. The same for all services.",
    )
    oidc_issuer: str | None = None
    oidc_audience: str | None = None
    oidc_jwks_url: str | None = None
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
