"""Which hosts a message for Microsoft Teams may go to: those where workflows take requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_WORKFLOWS = (
    "environment.api.powerplatform.com",
    "logic.azure.com",
    "environment.api.gov.powerplatform.microsoft.us",
    "environment.api.high.powerplatform.microsoft.us",
    "environment.api.appsplatform.us",
    "logic.azure.us",
    "environment.api.powerplatform.partner.microsoftonline.cn",
    "logic.azure.cn",
)
"""Below one of these is the address of a workflow's trigger: the first two in Microsoft's public cloud, for
new and older workflows, the others in the clouds of the United States' government and of China."""

_RETIRED = ("webhook.office.com", "outlook.office.com", "outlook.office365.com")
"""Of Office 365 connectors, which Microsoft has switched off in favour of workflows."""


@dataclass(frozen=True, slots=True)
class TeamsHosts:
    """Microsoft's hosts and those below them; `added` are further ones that an operator allows."""

    added: tuple[str, ...] = ()

    def fault(self, host: str) -> str | None:
        """Return what is wrong with a host, in a sentence that says what to do; None where it is allowed."""
        if _below(host, (*_WORKFLOWS, *self.added)):
            return None
        if _below(host, _RETIRED):
            return (
                "This is the address of an Office 365 connector, which Microsoft has retired. Make a workflow"
                " in Teams that starts when a Teams webhook request is received, and give its address."
            )
        return (
            "A Teams rule takes the address of a workflow, on a host that ends with"
            f" {_WORKFLOWS[0]} or {_WORKFLOWS[1]}. An operator adds hosts with EARSHOT_TEAMS_HOSTS."
        )


def _below(host: str, names: Iterable[str]) -> bool:
    written = host.casefold().rstrip(".")
    return any(written == name or written.endswith(f".{name}") for name in map(str.casefold, names))
