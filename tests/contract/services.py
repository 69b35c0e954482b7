"""The four services' applications as they are wired, with nothing connected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.connector.app import create_app as create_connector
from services.connector.settings import Settings as ConnectorSettings
from services.detector.app import create_app as create_detector
from services.detector.settings import Settings as DetectorSettings
from services.notifier.app import create_app as create_notifier
from services.notifier.settings import Settings as NotifierSettings
from services.syncer.app import create_app as create_syncer
from services.syncer.settings import Settings as SyncerSettings

if TYPE_CHECKING:
    from fastapi import FastAPI

    from shared.contracts.topics import Service

A_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


def _nobody(_: str) -> None:
    """Be told that consuming stopped; here nothing is consumed."""


def application_of(service: Service) -> FastAPI:
    keys = {"signing_key": A_KEY}
    match service:
        case "connector":
            settings = ConnectorSettings.model_validate(keys | {"credential_keys": A_KEY})
            return create_connector(settings, on_stop=_nobody)
        case "syncer":
            return create_syncer(SyncerSettings.model_validate(keys), on_stop=_nobody)
        case "detector":
            return create_detector(
                DetectorSettings.model_validate(keys | {"text_model": False}), on_stop=_nobody
            )
        case "notifier":
            notifier = NotifierSettings.model_validate(keys | {"credential_keys": A_KEY})
            return create_notifier(notifier, on_stop=_nobody)
