"""What shared e-mail domains suggest; a fixture `rig` says over which stores."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from services.detector.domain.customer_list import CustomerRow
from services.detector.domain.matching import Suggestion
from shared.contracts.resources import AdminChanged
from tests.unit.services.detector.rig import ACC1, ORG, WORKSPACE, Rig

if TYPE_CHECKING:
    from shared.contracts.event import Event


class TestDomainHints:
    """Companies whose people write from one customer's e-mail domain."""

    UMBRELLA = f"{WORKSPACE}:co2"
    HINT = Suggestion(ACC1, domain="north.example")

    async def _north(self, rig: Rig) -> None:
        """Northwind is a customer whose people write from north.example."""
        await rig.connect()
        await rig.engine.customers.keep(ORG, [CustomerRow("acc-1", "Northwind")])
        await rig.tell(rig.company(external_id="acc-1"), rig.contact(email="dana@north.example"))

    def _umbrella(self, rig: Rig, email: str = "Lee@North.example") -> tuple[Event, Event]:
        return rig.company("co2", "Umbrella"), rig.contact("lee", ("co2",), email=email)

    async def _suggested(self, rig: Rig) -> tuple[Suggestion, ...]:
        company = (await rig.stores.mirror.companies(ORG, [self.UMBRELLA]))[self.UMBRELLA]
        assert company.customer_id != ACC1
        return company.suggestions

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    async def test_a_shared_domain_is_suggested(self, rig: Rig, order: tuple[int, int]) -> None:
        """Whichever comes first, company or contact, the customer is suggested and never matched."""
        await self._north(rig)
        records = self._umbrella(rig)
        for place in order:
            await rig.tell(records[place])
        assert await self._suggested(rig) == (self.HINT,)

    async def test_a_customer_that_is_known_later_is_suggested(self, rig: Rig) -> None:
        """Companies that are here already are asked about once one of the domain's is a customer."""
        await rig.connect()
        await rig.tell(*self._umbrella(rig), rig.company(external_id="acc-1"))
        await rig.tell(rig.contact(email="dana@north.example"))
        assert await self._suggested(rig) == ()
        await rig.engine.customers.keep(ORG, [CustomerRow("acc-1", "Northwind")])
        assert await self._suggested(rig) == (self.HINT,)

    async def test_the_list_may_name_a_domain(self, rig: Rig) -> None:
        """A domain column of the uploaded list hints as people do, until the list no longer says it."""
        await rig.connect()
        await rig.tell(*self._umbrella(rig))
        row = CustomerRow("acc-1", "Northwind", attributes={"domain": "north.example"})
        await rig.engine.customers.keep(ORG, [row])
        assert await self._suggested(rig) == (Suggestion(ACC1, domain="north.example", listed=True),)
        await rig.engine.customers.keep(ORG, [replace(row, attributes={})])
        assert await self._suggested(rig) == ()

    async def test_a_domain_of_several_customers_says_nothing(self, rig: Rig) -> None:
        """When a second customer's people use the domain, nobody is suggested any more."""
        await self._north(rig)
        await rig.tell(*self._umbrella(rig))
        await rig.engine.customers.keep(ORG, [CustomerRow("acc-3", "Contoso")])
        await rig.tell(rig.company("co3", "Contoso"), rig.contact("kim", ("co3",), email="kim@north.example"))
        assert await self._suggested(rig) == ()

    async def test_free_mail_and_own_domains_say_nothing(self, rig: Rig) -> None:
        """Neither a provider's domain nor the one that the organization's own teammates use is a hint."""
        await rig.connect()
        await rig.engine.customers.keep(ORG, [CustomerRow("acc-1", "Northwind")])
        await rig.tell(
            AdminChanged(**rig.fields(id="1", name="Ann", email="ann@own.example")),
            rig.company(external_id="acc-1"),
            rig.contact(email="dana@gmail.com"),
            rig.contact("test", email="test@own.example"),
        )
        await rig.tell(*self._umbrella(rig, "lee@gmail.com"))
        await rig.tell(rig.contact("try", ("co2",), email="try@own.example"))
        assert await self._suggested(rig) == ()

    async def test_a_hint_goes_with_its_people(self, rig: Rig) -> None:
        """Who leaves the company, or is deleted, takes the hint along, on either side."""
        await self._north(rig)
        await rig.tell(*self._umbrella(rig))
        await rig.tell(rig.contact("lee", (), email="lee@north.example"))
        assert await self._suggested(rig) == ()
        await rig.tell(rig.contact("lee", ("co2",), email="lee@north.example"))
        assert await self._suggested(rig) == (self.HINT,)
        await rig.tell(rig.deleted("contact", "dana"))
        assert await self._suggested(rig) == ()

    async def test_a_hint_is_refused_for_good_or_confirmed(self, rig: Rig) -> None:
        """A refused customer does not come back with more people; a confirmed one is the company's."""
        await self._north(rig)
        await rig.tell(*self._umbrella(rig))
        decide = rig.engine.matches.decide
        await decide(ORG, self.UMBRELLA, ACC1, confirmed=False, by="ann@acme.example")
        assert await self._suggested(rig) == ()
        await rig.tell(rig.contact("kim", ("co2",), email="kim@north.example"))
        await rig.tell(rig.company("co2", "Umbrella Labs"))
        assert await self._suggested(rig) == ()
        await decide(ORG, self.UMBRELLA, ACC1, confirmed=True, by="ann@acme.example")
        company = (await rig.stores.mirror.companies(ORG, [self.UMBRELLA]))[self.UMBRELLA]
        assert (company.customer_id, company.basis, company.suggestions) == (ACC1, "person", ())
