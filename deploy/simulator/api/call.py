"""One API call on its way: who asks, of which workspace, and what they may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from deploy.simulator.responses import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.datastructures import QueryParams

    from deploy.simulator.model import Workspace
    from deploy.simulator.simulation import Simulation, Tenant
    from deploy.simulator.switches import Switches
    from deploy.simulator.tokens import Token

LARGEST_BODY = 1_000_000
"""Bytes; a search is a few hundred."""


@dataclass(slots=True)
class Call:
    """What a handler needs. `blind` is a call through the wrong region: all lists are empty."""

    simulation: Simulation
    tenant: Tenant
    token: Token
    query: QueryParams
    path: Mapping[str, Any]
    content: bytes
    blind: bool
    now: float
    page_size: int = 0
    in_bad_stretch: bool = False

    @property
    def workspace(self) -> Workspace:
        return self.tenant.workspace

    @property
    def switches(self) -> Switches:
        return self.simulation.switches

    def body(self) -> dict[str, Any]:
        """The JSON body; an empty one is an empty object. ApiError 400 for anything that is no object."""
        if not self.content:
            return {}
        try:
            body = orjson.loads(self.content)
        except orjson.JSONDecodeError as error:
            raise ApiError(400, "bad_request", "The body is not valid JSON") from error
        if not isinstance(body, dict):
            raise ApiError(400, "bad_request", "The body must be a JSON object")
        return body
