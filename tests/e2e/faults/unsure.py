"""What the detector is not sure of and asks: people about companies, a language model about words.

Both steps go through to their end while the detector dies between their writes, and say what they came to.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from shared.faults import FaultPoint
from tests.e2e.faults.life import insist
from tests.integration.detector.stand_in import standing_in

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator, Mapping

    from tests.e2e.faults.undertaker import Undertaker
    from tests.e2e.torture.facts import Fact
    from tests.e2e.torture.run import Stand
    from tests.integration.detector.stand_in import StandIn

_QUOTE = "cancel our subscription"
"""Of what a fact says; the model's own choice of words."""

_VALUABLE = 1_000_000
"""Monthly spend that nobody of the workspace has but whom a step makes so."""

_NAME = "Fabrikam Example"
_DEATH_SECONDS = 240
"""A death waits for the start after the one before it, on machines that are busy."""


@contextmanager
def answering() -> Iterator[StandIn]:
    """Serve a language model that confirms whatever it is asked, from a thread beside the test."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(step: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(step, loop).result()

    serving = standing_in()
    endpoint: StandIn = run(serving.__aenter__())
    endpoint.behaviours[0], endpoint.quote = "confirm", _QUOTE
    try:
        yield endpoint
    finally:
        run(serving.__aexit__(None, None, None))
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def model_settings(endpoint: StandIn) -> Mapping[str, str]:
    """Return the environment of a detector that asks this endpoint about valuable customers, and no other."""
    return {
        "EARSHOT_LANGUAGE_MODEL_URL": endpoint.url,
        "EARSHOT_LANGUAGE_MODEL_NAME": "small",
        "EARSHOT_LANGUAGE_MODEL_BAND": "0",
        "EARSHOT_LANGUAGE_MODEL_SPEND": str(_VALUABLE),
        # A question outlives three deaths here, and is to be answered however long the starts take.
        "EARSHOT_LANGUAGE_MODEL_PATIENCE_SECONDS": "1800",
    }


class Unsure:
    """A stand whose detector dies while it asks."""

    def __init__(self, stand: Stand, undertaker: Undertaker) -> None:
        self._stand = stand
        self._product = stand.product
        self._detector = stand.evidence.mongo["earshot_detector"]
        self._undertaker = undertaker

    def companies_decided(self) -> None:
        """Let an administrator say which customer a company is, and then that it is another one.

        Its signal was told before and follows both times: it stays the only one, under its id.
        """
        client = self._product.client
        rows = [{"external_id": form, "name": f"{_NAME} {form}"} for form in ("Inc", "Ltd")]
        insist("two alike are listed", lambda: client.put("/customers", json=rows).raise_for_status())
        fact = self._stand.writer.write_by(self._person("undecided", _NAME))

        def asked() -> tuple[str, dict[str, str]] | None:
            for one in self._product.pages("/customers/suggestions"):
                if one["name"] == _NAME:
                    return one["company_id"], {
                        of["external_id"]: of["customer_id"] for of in one["suggestions"]
                    }
            return None

        company_id, customers = insist("a company may be either", asked)
        signal_id = insist("its signal is open", lambda: self._signals(fact))[0]["id"]
        for form in ("Inc", "Ltd"):
            self._confirmed(company_id, customers[form], fact)
            told = [(one["id"], one["customer"]["id"]) for one in self._signals(fact)]
            assert told == [(signal_id, customers[form])]
        self._died_at(FaultPoint.DETECTOR_COMPANY_DECISIONS_UPDATE)
        insist("nobody is asked any more", lambda: asked() is None)

    def words_asked(self, endpoint: StandIn) -> None:
        """Let the language model be asked about a valuable customer's words, and answer, once.

        What was found waits for it over all deaths, and is then told with the model's words.
        """
        client = self._product.client
        chosen = {"detectors": ["churn_risk"]}
        insist("it is asked", lambda: client.put("/language-model", json=chosen).raise_for_status())
        fact = self._stand.writer.write_by(self._person("valuable", "Valuable", monthly_spend=2 * _VALUABLE))
        self._died_at(FaultPoint.DETECTOR_QUESTIONS_UPDATE)
        for place in (
            FaultPoint.DETECTOR_QUESTIONS_FIND_AND_MODIFY,
            FaultPoint.DETECTOR_LANGUAGE_MODEL_DAYS_UPDATE,
        ):
            self._died_at(place)
            assert (endpoint.bodies, self._signals(fact)) == ([], [])
            self._lease_over()
        questions = self._detector["questions"]
        insist("it is answered", lambda: questions.find_one({"settled": True}))
        assert [one["outcome"] for one in questions.find()] == ["answered"]
        assert len(endpoint.bodies) == 1
        (signal,) = insist("its signal is open", lambda: self._signals(fact))
        assert [one["quote"] for one in signal["evidence"]] == [_QUOTE]
        # Whoever died then had counted one, and not sent it; the count is of a day, which may have ended.
        counted = sum(one["requests"] for one in self._detector["language_model_days"].find())
        assert counted == 1 + len(endpoint.bodies)

    def _confirmed(self, company_id: str, customer_id: str, fact: Fact) -> None:
        """Say which customer a company is until that is taken, and wait until its signal has followed."""
        answer = {"company_id": company_id, "customer_id": customer_id, "confirmed": True}
        post = self._product.client.post
        insist("it is confirmed", lambda: post("/customers/suggestions", json=answer).raise_for_status())
        # What was said before is kept, marked as replaced.
        held = {"company_key": company_id, "replaced": {"$exists": False}}
        found = self._detector["company_decisions"].find(held)
        assert [(one["customer_id"], one["confirmed"]) for one in found] == [(customer_id, True)]
        insist(
            "its signal is this customer's",
            lambda: any(one["customer"]["id"] == customer_id for one in self._signals(fact)),
        )

    def _person(self, company_id: str, name: str, **changes: Any) -> str:
        """Return somebody of a new company, both of whom the detector knows."""
        workspace = self._stand.workspace
        company = {"company_id": company_id, "name": name, "changes": changes}
        made = workspace.mutate(("create_company", company))[0][0]["id"]
        person = {
            "name": f"Person of {name}",
            "email": f"person@{company_id}.example",
            "external_id": f"person-{company_id}",
            "company_ids": [made],
        }
        id_ = str(workspace.mutate(("create_contact", person))[0][0]["id"])
        key = f"{workspace.id}:{made}"

        def known() -> bool:
            contacts = self._detector["contacts"].count_documents({"company_keys": key})
            customers = self._product.pages("/customers", q=name)
            return bool(contacts) and any(one["name"] == name for one in customers)

        insist(f"{name} and its person are known", known)
        return id_

    def _signals(self, fact: Fact) -> list[dict[str, Any]]:
        """Return the signals that a fact is evidence of, once whoever may be dying tells them."""
        _, listed = insist("signals are listed", lambda: (True, self._product.signals(kind="churn_risk")))
        return [
            one
            for one in listed
            if fact.conversation_id in {proof["conversation_id"] for proof in one["evidence"]}
        ]

    def _lease_over(self) -> None:
        """Let the question of whoever died be anybody's at once, and not when their lease ends."""
        self._detector["questions"].update_many(
            {"settled": False}, {"$set": {"claimed_until": datetime(2000, 1, 1, tzinfo=UTC)}}
        )

    def _died_at(self, *places: FaultPoint) -> None:
        assert self._undertaker.wait_while(set(places).__contains__, _DEATH_SECONDS), places
