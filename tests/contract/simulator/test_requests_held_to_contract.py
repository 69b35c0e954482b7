"""Requests off the vendor's contract are noted, shown and, where wanted, refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

    from deploy.simulator.app import Simulator

MISSPELT = {"query": {"field": "updated_at", "operator": ">", "valeu": 1, "value": 1}}


def choose(simulator: Simulator, contract: str) -> None:
    simulator.simulation.set_switches(simulator.simulation.switches.changed(contract=contract))


async def test_a_misspelt_parameter_is_noted_and_answered(client: httpx.AsyncClient) -> None:
    """As live: nobody tells the caller. The statistics and the page do."""
    assert (await client.get("/conversations", params={"perpage": 5})).status_code == 200
    assert (await client.post("/conversations/search", json=MISSPELT)).status_code == 200
    statistics = (await client.get("/_control/statistics")).json()
    assert statistics["contract_fault_count"] == 2
    assert [(each["operation"], each["faults"]) for each in statistics["contract_faults"]] == [
        ("GET /conversations", ["query.perpage is not declared"]),
        ("POST /conversations/search", ["body.query.valeu is not declared"]),
    ]
    assert "query.perpage is not declared" in (await client.get("/")).text


async def test_it_can_be_refused_or_ignored(simulator: Simulator, client: httpx.AsyncClient) -> None:
    """Refused names the fault; ignored notes nothing."""
    choose(simulator, "refused")
    answer = await client.get("/conversations", params={"perpage": 5})
    assert answer.status_code == 400
    assert "query.perpage" in answer.json()["errors"][0]["message"]
    choose(simulator, "ignored")
    await client.get("/conversations", params={"perpage": 5})
    assert simulator.simulation.statistics.contract_fault_count == 1


async def test_a_flood_of_faults_is_bounded(simulator: Simulator, client: httpx.AsyncClient) -> None:
    """Long names and many of them are cut; the count goes on."""
    params = {f"{'x' * 500}{number}": "1" for number in range(40)}
    await client.get("/tags", params=params)
    (noted,) = simulator.simulation.statistics.contract_faults
    assert len(noted["faults"]) == 10
    assert all(len(each) < 301 for each in noted["faults"])
