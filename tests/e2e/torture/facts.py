"""Numbered facts: messages of customers whose detection is certain, each by a customer of its own.

A signal is one per customer, kind and occasion, so two notices by one company would be one signal. A fact
opens a conversation, or is a reply in one that began harmlessly; its writer is somebody the workspace knew
before, or somebody new at a new company, whose records have to arrive too before the alert has its name.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

    from tests.e2e.chain.workspace import Workspace

_NOTICE = "We have decided to cancel our subscription at the end of the month. Our reference is {mark}."
_HARMLESS = "Hello, where do I find the invoices of last year?"
_REPLY_AFTER_SECONDS = 6.0


@dataclass(frozen=True)
class Fact:
    """One notice: its number, where it was said, and the mark that its words carry."""

    number: int
    conversation_id: str

    @property
    def mark(self) -> str:
        return mark(self.number)


def mark(number: int) -> str:
    """Return the words by which a fact is found again in any text."""
    return f"TF{number:06d}X"


class FactWriter:
    """Writes facts at a steady pace until it is told to stop, from a thread of its own."""

    def __init__(self, workspace: Workspace, rng: random.Random, *, each_second: float) -> None:
        self._workspace = workspace
        self._rng = rng
        self._pause = 1 / each_second if each_second else 0.0
        self._known = deque(workspace.some_contacts(60))
        self._harmless: deque[tuple[float, str]] = deque()
        self._stop = threading.Event()
        self._guard = threading.Lock()
        self._facts: list[Fact] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.failure: BaseException | None = None

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> list[Fact]:
        """Stop writing, finish the replies that were meant to come, and return all facts."""
        self._stop.set()
        self._thread.join()
        if self.failure is not None:
            raise self.failure
        while self._harmless:
            self._reply(self._harmless.popleft()[1])
        return self.facts()

    def facts(self) -> list[Fact]:
        with self._guard:
            return list(self._facts)

    def write(self, count: int, *, by_known: bool = False) -> list[Fact]:
        """Write that many facts now, each opening a conversation; return them.

        By customers that were there from the start nothing follows but the fact itself.
        """
        return [self._open(self._known.popleft() if by_known else None) for _ in range(count)]

    def write_by(self, customer: str) -> Fact:
        """Write one fact now, of this customer, who has written none; return it."""
        return self._open(customer)

    def _run(self) -> None:
        try:
            while not self._stop.wait(self._rng.uniform(0.3, 1.7) * self._pause):
                if self._harmless and self._harmless[0][0] < time.monotonic():
                    self._reply(self._harmless.popleft()[1])
                elif self._rng.random() < 0.3:
                    conversation = self._workspace.write(self._customer(), _HARMLESS)
                    self._harmless.append((time.monotonic() + _REPLY_AFTER_SECONDS, conversation))
                else:
                    self._open()
        except BaseException as error:  # noqa: BLE001 - told to whoever asks for the facts
            self.failure = error

    def _next(self, conversation_id: str) -> Fact:
        fact = Fact(len(self._facts) + 1, conversation_id)
        self._facts.append(fact)
        return fact

    def _open(self, customer: str | None = None) -> Fact:
        customer = customer or self._customer()
        with self._guard:
            number = len(self._facts) + 1
            return self._next(self._workspace.write(customer, _NOTICE.format(mark=mark(number))))

    def _reply(self, conversation_id: str) -> None:
        with self._guard:
            body = f"<p>{_NOTICE.format(mark=mark(len(self._facts) + 1))}</p>"
            self._workspace.mutate(("reply", {"conversation_id": conversation_id, "body": body}))
            self._next(conversation_id)

    def _customer(self) -> str:
        if self._known and self._rng.random() < 0.5:
            return self._known.popleft()
        name = f"{self._rng.getrandbits(40):010x}"
        company = self._workspace.mutate(
            ("create_company", {"company_id": f"torture-{name}", "name": f"Torture {name}"})
        )[0][0]["id"]
        arguments = {
            "name": f"Person {name}",
            "email": f"{name}@torture-{name}.example",
            "external_id": f"person-{name}",
            "company_ids": [company],
        }
        contact = self._workspace.mutate(("create_contact", arguments))[0][0]["id"]
        return str(contact)
