"""How clients and Kafka authenticate each other: from the settings to what the clients take.

Two libraries take it in two forms: FastStream's broker an object, aiokafka's own clients arguments.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

from faststream.kafka.security import parse_security
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from shared.errors import ConfigurationError

if TYPE_CHECKING:
    from shared.config import KafkaSecuritySettings

_BY_MECHANISM: dict[str, type[SASLPlaintext | SASLScram256 | SASLScram512]] = {
    "PLAIN": SASLPlaintext,
    "SCRAM-SHA-256": SASLScram256,
    "SCRAM-SHA-512": SASLScram512,
}


def broker_security(settings: KafkaSecuritySettings) -> BaseSecurity | None:
    """Return what FastStream's broker takes as `security`; None if neither TLS nor SASL is used.

    Raises:
        ConfigurationError: a certificate's file cannot be read; the message names it.
    """
    protocol = settings.kafka_security_protocol
    context = _context(settings) if protocol.endswith("SSL") else None
    if protocol.startswith("SASL"):
        password = settings.kafka_password
        return _BY_MECHANISM[settings.kafka_sasl_mechanism](
            username=settings.kafka_username or "",
            password=password.get_secret_value() if password else "",
            ssl_context=context,
            use_ssl=context is not None,
        )
    return BaseSecurity(ssl_context=context, use_ssl=True) if context is not None else None


def client_security(settings: KafkaSecuritySettings) -> dict[str, Any]:
    """Return the same as arguments for aiokafka's clients; empty if nothing is used. It contains secrets.

    Raises:
        ConfigurationError: as for `broker_security`.
    """
    return parse_security(broker_security(settings))


def _context(settings: KafkaSecuritySettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.kafka_ca_file)
        if settings.kafka_client_certificate_file:
            context.load_cert_chain(settings.kafka_client_certificate_file, settings.kafka_client_key_file)
    except (OSError, ssl.SSLError) as error:
        files = (
            settings.kafka_ca_file,
            settings.kafka_client_certificate_file,
            settings.kafka_client_key_file,
        )
        raise ConfigurationError(
            f"Kafka's certificates cannot be used ({type(error).__name__}: {error}). Look at"
            f" {', '.join(filter(None, files))}."
        ) from error
    return context
