"""What the connector needs from outside, as protocols that adapters implement."""

from __future__ import annotations

from services.connector.ports.api_keys import ApiKeyRecord, ApiKeys
from services.connector.ports.connections import MOST_ASKED, MOST_WAITING, Connections, StoredCredential
from services.connector.ports.intercom import Intercom, Probe
from services.connector.ports.linking import STATE_LIFE, OAuthState, OAuthStates, Offer, Offers
from services.connector.ports.notices import Notices
from services.connector.ports.vault import Vault

__all__ = [
    "MOST_ASKED",
    "MOST_WAITING",
    "STATE_LIFE",
    "ApiKeyRecord",
    "ApiKeys",
    "Connections",
    "Intercom",
    "Notices",
    "OAuthState",
    "OAuthStates",
    "Offer",
    "Offers",
    "Probe",
    "StoredCredential",
    "Vault",
]
