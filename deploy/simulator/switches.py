"""How the simulated Intercom deviates from the kindest reading of its documentation.

Every field is a behaviour that was seen live or is in dispute; the number in its description is the switch of
FACTS §11. The defaults are what a healthy workspace does, as far as that is known.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Switches(BaseModel):
    """A complete setting; change it with `changed`, which checks types and names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    contact_dates: Literal["workspace_day", "utc_day", "exact"] = Field(
        default="workspace_day", description="1: what contacts/search cuts a date to."
    )
    conversation_dates: Literal["exact", "utc_day"] = Field(
        default="exact", description="2: what conversations/search cuts a date to."
    )
    conversation_bounds: Literal["strict", "inclusive"] = Field(
        default="strict", description="2: whether > and < on conversation dates mean 'or equal'."
    )
    conversation_sort: Literal["honoured", "ignored"] = Field(
        default="honoured",
        description="3: whether conversations/search sorts as asked (else by creation).",
    )
    contact_lag_seconds: float = Field(
        default=0, ge=0, le=86_400, description="4: how late a change reaches contacts/search."
    )
    conversation_lag_seconds: float = Field(
        default=0,
        ge=0,
        le=86_400,
        description="4: how late a change reaches conversations/search and the list.",
    )
    lag_varies: bool = Field(
        default=False,
        description="4: each object lags by its own share of the lag, so that order is not kept.",
    )
    app_limit: int = Field(
        default=1667, ge=1, le=10_000_000, description="5: calls per app and 10-second window."
    )
    workspace_limit: int = Field(
        default=4167, ge=1, le=10_000_000, description="5: calls per workspace and 10-second window."
    )
    too_many_requests_every: int = Field(
        default=0,
        ge=0,
        le=1_000_000,
        description="5: every n-th call gets 429 too_many_requests with budget left.",
    )
    revoked_code: Literal["unauthorized", "token_revoked", "token_suspended", "token_not_found"] = Field(
        default="token_revoked", description="6: the 401 code of a revoked token."
    )
    missing_permission: Literal["token_unauthorized", "forbidden", "action_forbidden"] = Field(
        default="token_unauthorized",
        description="6, 7: how a missing permission is answered (401, 403, 403).",
    )
    plan_restricted: tuple[str, ...] = Field(
        default=(), description="7: permission families answered with 403 api_plan_restricted."
    )
    merged_contacts: Literal["gone", "not_found"] = Field(
        default="gone", description="8: 410 with Link as in 2.16, or 404 as before."
    )
    parts_limit: int = Field(
        default=500, ge=0, le=100_000, description="9: at most so many parts (the newest) in one answer."
    )
    scroll_exclusive: bool = Field(default=True, description="10: one open company scroll per workspace.")
    scroll_idle_seconds: float = Field(
        default=60, gt=0, le=3_600, description="10: an idle scroll dies after this."
    )
    scroll_page_size: int = Field(default=100, ge=1, le=1_000, description="10: companies on a scroll page.")
    scroll_error_at_page: int = Field(
        default=0,
        ge=0,
        le=100_000,
        description="10: this page of a scroll answers 500 once and the scroll dies.",
    )
    foreign_scroll: bool = Field(
        default=False, description="10: another vendor's app holds the scroll of the workspace."
    )
    companies_list_cap: int = Field(
        default=10_000, ge=1, le=10_000_000, description="11: companies/list stops here."
    )
    rows_move: bool = Field(
        default=False, description="12: after each page, a row of the following page changes and so moves."
    )
    html_502_every: int = Field(
        default=0, ge=0, le=1_000_000, description="13: every n-th call gets 502 and a page of HTML."
    )
    empty_200_every: int = Field(
        default=0, ge=0, le=1_000_000, description="13: every n-th call gets 200 with an empty body."
    )
    reset_every: int = Field(
        default=0,
        ge=0,
        le=1_000_000,
        description="13: every n-th call loses its connection without an answer.",
    )
    reset_before: Literal["body", "headers"] = Field(
        default="body",
        description="13: whether such a connection breaks inside the body or before the headers.",
    )
    html_404: bool = Field(
        default=False, description="13: a deleted company's 404 is a bare HTML page instead of JSON."
    )
    deleted_companies_listed: bool = Field(
        default=True, description="13: deleted companies go on appearing in list and scroll, unmarked."
    )
    slow_above_page_size: int = Field(
        default=0, ge=0, le=1_000, description="14: pages bigger than this are slow or fail; 0 for none."
    )
    slow_answer: Literal["504", "502", "slow"] = Field(
        default="504", description="14: what happens to a page that is too big."
    )
    slow_seconds: float = Field(
        default=5, ge=0, le=600, description="14: how long a slow page takes (stalls: every n-th call)."
    )
    bad_stretch_from: int = Field(
        default=0,
        ge=0,
        le=100_000_000_000,
        description="14: a page of more than one row with a row changed at or after this (Unix seconds) ...",
    )
    bad_stretch_to: int = Field(
        default=0,
        ge=0,
        le=100_000_000_000,
        description="14: ... and before this fails, whatever its size, as slow_answer says.",
    )
    stall_every: int = Field(
        default=0, ge=0, le=1_000_000, description="14: every n-th call takes slow_seconds."
    )
    webhooks: bool = Field(default=True, description="15: whether notifications are sent at all.")
    webhook_bad_signature_every: int = Field(
        default=0, ge=0, le=1_000_000, description="15: every n-th notification is signed wrongly."
    )
    webhook_duplicate_every: int = Field(
        default=0, ge=0, le=1_000_000, description="15: every n-th notification is sent twice."
    )
    webhook_reorder: bool = Field(
        default=False, description="15: notifications are held back and sent in another order."
    )
    webhook_null_id_every: int = Field(
        default=0, ge=0, le=1_000_000, description="15: every n-th notification has no id."
    )
    webhook_iso_times: bool = Field(
        default=True, description="15: times inside the item are ISO-8601 strings."
    )
    webhook_drop_every: int = Field(
        default=0, ge=0, le=1_000_000, description="15: every n-th notification is never sent."
    )
    webhook_retry_seconds: float = Field(
        default=60, ge=0, le=3_600, description="15: the pause before the one retry."
    )
    wrong_region: Literal["empty", "unauthorized", "routed"] = Field(
        default="empty", description="17: what a regional host answers for a workspace of another region."
    )
    us_host_routes: bool = Field(default=True, description="17: the US host finds a workspace in any region.")
    version_echo: bool = Field(default=True, description="18: answers name the version served.")
    contract: Literal["noted", "refused", "ignored"] = Field(
        default="noted",
        description="contract: what happens to a request that the vendor's description does not allow.",
    )
    latency_median_ms: float = Field(
        default=0, ge=0, le=60_000, description="Latency of an API call: the median."
    )
    latency_p99_ms: float = Field(
        default=0, ge=0, le=60_000, description="Latency of an API call: the 99th percentile (0: constant)."
    )

    def changed(self, **changes: object) -> Switches:
        """A copy with `changes` applied; raises pydantic's ValidationError for a bad name or value."""
        return Switches.model_validate(self.model_dump() | changes)
