"""What the detector's use cases need from the outside. All methods raise TransientError for what passes.

Every call names the organization first, so that no adapter can forget it (DESIGN §9).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Mapping, Sequence
    from datetime import datetime

    from services.detector.domain.admission import Barrier, Standing
    from services.detector.domain.asking import Prompt
    from services.detector.domain.attributes import AttributeMap
    from services.detector.domain.book import Change
    from services.detector.domain.conversation import AccountFacts
    from services.detector.domain.corrections import Correction
    from services.detector.domain.customer import Customer
    from services.detector.domain.health import HealthWeights
    from services.detector.domain.health_history import HealthHistory, Measured
    from services.detector.domain.identity import Subject
    from services.detector.domain.matching import Decision, KnownName, Match, Suggestion
    from services.detector.domain.mirror import (
        Analysis,
        ConnectionView,
        Digest,
        MirroredCompany,
        MirroredConversation,
        Progress,
        Writers,
    )
    from services.detector.domain.occasion import Slot
    from services.detector.domain.question import Question
    from services.detector.domain.redetection import Redetection, State
    from services.detector.domain.signal import Signal
    from services.detector.domain.standing import Attention, Demand
    from services.detector.domain.wishes import Request, RequestState
    from shared.contracts.connections import DataRemoved
    from shared.contracts.resources import (
        AdminChanged,
        CompanyChanged,
        ContactChanged,
        ConversationPartChanged,
        ResourceDeleted,
        ResourceEvent,
    )


class Mirror(Protocol):
    """The workspace's resources as last read; keys are `resource_key`s.

    A record is kept only if it was observed no earlier than what is held: a repeat, or one that was fed
    in again late, never overwrites newer state, and never brings back what was deleted after it.

    What changes whose conversations are, or their tags, is marked in the same write, and unmarked when all
    that follows from it is done: by the mark, what was cut short in between is found when it comes again.
    """

    async def store(
        self, organization_id: str, records: Sequence[ResourceEvent], *, regrouped: bool = False
    ) -> None:
        """Keep records; with `regrouped`, mark those that are kept."""
        ...

    async def bury(
        self,
        organization_id: str,
        deletions: Sequence[ResourceDeleted],
        *,
        left: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        """Delete; `left` is by key who is still to lose what is deleted, see `owners` and `subjects`."""
        ...

    async def conversations(
        self, organization_id: str, keys: Collection[str]
    ) -> dict[str, MirroredConversation]: ...

    async def parts(
        self, organization_id: str, conversation_keys: Collection[str]
    ) -> dict[str, list[ConversationPartChanged]]:
        """Return each conversation's parts, oldest first."""
        ...

    async def contacts(self, organization_id: str, keys: Collection[str]) -> dict[str, ContactChanged]: ...

    async def marked_contacts(self, organization_id: str, keys: Collection[str]) -> dict[str, datetime]:
        """Return by key when those of these contacts were observed that are marked."""
        ...

    async def unmark_contacts(self, organization_id: str, observed: Mapping[str, datetime]) -> None:
        """Unmark contacts, by key with when they were observed; one that came anew since stays marked."""
        ...

    async def companies(self, organization_id: str, keys: Collection[str]) -> dict[str, MirroredCompany]: ...

    async def owners(self, organization_id: str, company_keys: Collection[str]) -> dict[str, frozenset[str]]:
        """Return by key the customers that these companies belong to, and those they are still to leave.

        Of the deleted ones only those come that somebody is still to lose.
        """
        ...

    async def unmark_companies(self, organization_id: str, companies: Sequence[MirroredCompany]) -> None:
        """Unmark these companies, but none that came anew, was matched otherwise, or marked again since."""
        ...

    async def unmark_deletions(self, organization_id: str, company_keys: Collection[str]) -> None:
        """Keep that nobody is to lose these companies any more."""
        ...

    async def subjects(
        self, organization_id: str, conversation_keys: Collection[str]
    ) -> dict[str, frozenset[str]]:
        """Return by key whose these conversations are, as subjects' keys; those never read are left out.

        Of the deleted ones those come that somebody is still to lose.
        """
        ...

    async def unmark_lost(self, organization_id: str, conversation_keys: Collection[str]) -> None:
        """Keep that nobody is to lose these conversations any more."""
        ...

    async def companies_of(
        self, organization_id: str, customer_ids: Collection[str]
    ) -> dict[str, list[CompanyChanged]]: ...

    async def companies_like(
        self, organization_id: str, external_ids: Collection[str], names: Collection[str]
    ) -> list[MirroredCompany]:
        """Return companies with one of the external ids, or one of the normalised names."""
        ...

    async def tag_names(self, organization_id: str, keys: Collection[str]) -> dict[str, str]: ...

    async def admins(self, organization_id: str, workspace_ids: Collection[str]) -> list[AdminChanged]: ...

    async def writers(
        self, organization_id: str, *, company_keys: Collection[str] = (), domains: Collection[str] = ()
    ) -> list[Writers]:
        """Return who of these companies, or from these domains, writes from which domain.

        People with the same companies and domain are counted together; at most 2,000 such groups, those of
        most people first.
        """
        ...

    async def matched(self, organization_id: str, keys: Collection[str]) -> dict[str, str]:
        """Return by key the customers of those of these companies that are matched to one on the list."""
        ...

    async def save_suggestions(
        self, organization_id: str, company_key: str, suggestions: Sequence[Suggestion]
    ) -> None:
        """Keep what a company may be, unless it was matched meanwhile."""
        ...

    async def save_match(
        self,
        organization_id: str,
        company_key: str,
        match: Match,
        *,
        left: Collection[str] | None = None,
        follow_from: datetime | None = None,
    ) -> None:
        """Keep whose a company is; unless `left` is None, mark it, and add these to whom it is to leave.

        From `follow_from` on, anybody may do what is to follow, see `Followed`.
        """
        ...

    async def save_analyses(
        self,
        organization_id: str,
        analyses: Mapping[str, tuple[Analysis, str, Sequence[str]]],
    ) -> None:
        """Keep by conversation key its analysis, its subject's key, and the company keys that decided it."""
        ...

    async def keys_by_contacts(self, organization_id: str, contact_keys: Collection[str]) -> list[str]:
        """Return the keys of the conversations that any of the contacts takes part in."""
        ...

    async def keys_by_companies(self, organization_id: str, company_keys: Collection[str]) -> list[str]:
        """Return the keys of the conversations that these companies decide, or would if they were known."""
        ...

    async def digests(
        self, organization_id: str, subjects: Collection[str], since: datetime
    ) -> dict[str, list[Digest]]:
        """Return the read conversations of each subject that moved since, oldest first.

        Of a subject with more than 2,000 the newest come, whatever else is asked for beside it.
        """
        ...

    async def newest(
        self, organization_id: str, subject: str, since: datetime, limit: int
    ) -> list[MirroredConversation]:
        """Return the conversations of a subject that moved since, newest first."""
        ...

    async def keys_after(self, organization_id: str, workspace_id: str, cursor: str, limit: int) -> list[str]:
        """Return conversation keys of a workspace in key order after `cursor`, for reading them again."""
        ...

    async def unread(self, organization_id: str, keys: Collection[str], fingerprint: str) -> list[str]:
        """Return those of these conversations that `fingerprint` was not the last to read, in key order."""
        ...

    async def company_keys_after(
        self, organization_id: str, workspace_id: str, cursor: str, limit: int
    ) -> list[str]: ...

    async def company_keys_of(
        self, organization_id: str, connection_id: str, cursor: str, limit: int
    ) -> list[str]:
        """Return the keys of companies read through a connection, in key order after `cursor`."""
        ...

    async def count_conversations(self, organization_id: str, workspace_id: str) -> int: ...

    async def count_companies(self, organization_id: str, workspace_id: str) -> int: ...

    async def remove(self, organization_id: str, connection_id: str, workspace_id: str | None) -> int:
        """Delete everything of a connection; return how many documents went."""
        ...


class Followed(Protocol):
    """Companies that are to be matched, and whose conversations are to follow, by anybody from a moment on.

    `Mirror.unmark_companies` takes the mark away.
    """

    async def mark(self, organization_id: str, company_keys: Collection[str], at: datetime) -> None:
        """Let these be followed from then on."""
        ...

    async def leave(self, organization_id: str, company: MirroredCompany, read_to: str, at: datetime) -> None:
        """Keep how far a company's conversations were read again, and let the rest be followed from then on.

        Nothing is kept of one that came anew or was matched otherwise since.
        """
        ...

    async def organizations(self, now: datetime) -> list[str]:
        """Return the organizations where companies are to be followed now."""
        ...

    async def waiting(self, organization_id: str, now: datetime, limit: int) -> list[str]:
        """Return the keys of companies that are to be followed now, those who waited longest first."""
        ...

    async def count(self, organization_id: str, now: datetime) -> int: ...


@dataclass(frozen=True, slots=True)
class Uncounted:
    """A state of a signal after which the numbers of these customers and requests may be out of date."""

    organization_id: str
    signal_id: str
    revision: int
    customer_ids: tuple[str, ...]
    request_ids: tuple[str, ...]


class Signals(Protocol):
    """Signals with their pending facts."""

    async def by_sources(self, organization_id: str, sources: Collection[str]) -> list[Signal]: ...

    async def by_slots(
        self, organization_id: str, subjects: Collection[str], slots: Collection[Slot] | None
    ) -> list[Signal]:
        """Return the signals of these subjects in these slots, in any state; None means all slots."""
        ...

    async def by_ids(self, organization_id: str, signal_ids: Collection[str]) -> list[Signal]: ...

    async def by_request(self, organization_id: str, request_id: str) -> list[Signal]:
        """Return all signals about a request, however many there are."""
        ...

    async def by_workspace(self, organization_id: str, workspace_id: str) -> list[Signal]:
        """Return signals opened from a workspace, or resting on its words; a portion where there are many."""
        ...

    async def by_connection(self, organization_id: str, connection_id: str) -> list[Signal]:
        """Return signals that were opened in the name of a connection; a portion where there are many."""
        ...

    async def overdue(self, organization_id: str, cuts: Mapping[Slot, datetime], limit: int) -> list[Signal]:
        """Return open signals that rest on words alone, the newest older than their slot's cut.

        At most `limit` of each slot; any number of one hides none of another.
        """
        ...

    async def organizations(self) -> list[str]: ...

    async def save(self, changes: Sequence[Change]) -> list[str]:
        """Store each change with what is to be told of it in one write, and publish.

        When the bus is away the facts stay with the signals, and are told later, in their order. The same
        write says that numbers which follow from it are to be counted, see `counted`.
        Returns the ids of the changes that were refused because the signal changed meanwhile; the caller
        reads again and settles again.
        """
        ...

    async def uncounted(self, before: datetime, limit: int) -> list[Uncounted]:
        """Return states of any organization that were saved before then and not yet said to be counted."""
        ...

    async def counted(self, organization_id: str, states: Collection[tuple[str, int]]) -> None:
        """Keep that the numbers which follow from these states (signal id, revision) are up to date."""
        ...

    async def attention(self, organization_id: str, customer_ids: Collection[str]) -> dict[str, Attention]:
        """Return, for each of these customers, what its open signals ask for; also for those without any."""
        ...

    async def demand(self, organization_id: str, request_ids: Collection[str]) -> dict[str, Demand]:
        """Return, for each of these requests, who stands behind it; also where nobody does any more."""
        ...

    async def refresh_customer(self, customer: Customer) -> None:
        """Show a customer's new name, owner and spend on its signals.

        Their revision moves, so that nobody who read them before writes the old ones back; nobody is told.
        """
        ...

    async def rename_tag(
        self, organization_id: str, workspace_id: str, before: str, after: str | None
    ) -> None:
        """Show a tag's new name on signals of its workspace, or no tag; as `refresh_customer`, untold."""
        ...

    async def delete(self, organization_id: str, signal_ids: Collection[str]) -> int: ...


class Customers(Protocol):
    """The organization's customers, known and provisional, and people's decisions about companies."""

    async def by_ids(self, organization_id: str, customer_ids: Collection[str]) -> dict[str, Customer]: ...

    async def save(
        self,
        customers: Sequence[Customer],
        *,
        facts_at: datetime | None = None,
        match_from: datetime | None = None,
        domains: Mapping[str, Collection[str]] | None = None,
    ) -> list[str]:
        """Keep these customers; with `facts_at`, also remember their facts as they stood at that moment.

        With `match_from`, mark them as `Unmatched`, for whoever comes by from that moment on; `domains` are
        by customer the e-mail domains that its row named before.

        Returns the ids of those that were refused because they changed since they were read; the caller reads
        again and makes them again.
        """
        ...

    async def save_moods(self, organization_id: str, moods: Mapping[str, tuple[float | None, int]]) -> None:
        """Keep the mood of customers, and of how many messages, whatever else of them changed meanwhile."""
        ...

    async def known_like(
        self, organization_id: str, external_ids: Collection[str], names: Collection[str]
    ) -> list[KnownName]:
        """Return all known customers with one of these external ids or normalised names.

        Beside them come some whose name may be like one of `names`, as many for each.
        """
        ...

    async def listing(self, organization_id: str, domains: Collection[str]) -> dict[str, frozenset[str]]:
        """Return by domain the known customers whose row in the organization's own list names it."""
        ...

    async def decisions(
        self, organization_id: str, company_keys: Collection[str]
    ) -> dict[str, list[Decision]]: ...

    async def decide(self, organization_id: str, company_key: str, decision: Decision, by: str) -> None: ...

    async def forget_decisions(self, organization_id: str, workspace_id: str) -> int:
        """Forget what people said of a workspace's companies, also of those that went; return how much."""
        ...

    async def delete(self, organization_id: str, customer_ids: Collection[str]) -> int: ...

    async def snapshots(
        self, organization_id: str, customer_ids: Collection[str]
    ) -> dict[str, list[tuple[datetime, AccountFacts]]]:
        """Return older states of each customer's facts with their moment, oldest first, at most fifty."""
        ...

    async def forget_snapshots(self, organization_id: str, customer_ids: Collection[str]) -> None: ...

    async def attribute_maps(self, organization_id: str) -> dict[str, AttributeMap]:
        """Return by connection which attribute of its companies means what, where a person said so."""
        ...

    async def save_attribute_map(
        self, organization_id: str, connection_id: str, chosen: AttributeMap, by: str
    ) -> None: ...

    async def forget_attribute_map(self, organization_id: str, connection_id: str) -> int: ...

    async def save_attention(self, organization_id: str, counted: Mapping[str, Attention]) -> None: ...

    def all_ids(self, after: tuple[str, str] = ("", "")) -> AsyncIterator[tuple[str, list[str]]]:
        """Yield (organization id, customer ids) of every customer there is, in portions.

        The order is always the same; `after` are the organization and customer to begin behind.
        """
        ...


@dataclass(frozen=True, slots=True)
class ToMatch:
    """A customer whose row changed; `times` counts how often that was marked up to now.

    `domains` are the e-mail domains that any of its rows named since it was matched last.
    """

    customer: Customer
    domains: frozenset[str]
    times: int


class Unmatched(Protocol):
    """Customers whose row was kept, and who have still to find their companies and show on their signals.

    Marked in the write that keeps them, and unmarked when all that follows is done.
    """

    async def by_ids(self, organization_id: str, customer_ids: Collection[str]) -> list[ToMatch]:
        """Return those of these customers that are marked."""
        ...

    async def organizations(self, now: datetime) -> list[str]:
        """Return the organizations where customers wait to be matched from now, or earlier, on."""
        ...

    async def waiting(self, organization_id: str, now: datetime, limit: int) -> list[ToMatch]:
        """Return those that wait to be matched from now, or earlier, on, who waited longest first."""
        ...

    async def count(self, organization_id: str) -> int: ...

    async def done(self, organization_id: str, matched: Sequence[ToMatch]) -> None:
        """Take the marks away; one that was marked again meanwhile stays."""
        ...

    async def put_off(self, organization_id: str, customer_ids: Collection[str], until: datetime) -> None:
        """Let these wait until then."""
        ...


@dataclass(frozen=True, slots=True)
class Due:
    """A customer whose health is to be measured; `changes` counts its states up to this one."""

    customer: Customer
    changes: int


class HealthRecords(Protocol):
    """Customers' health, what it was before, and how each organization weighs it."""

    async def weights(self, organization_id: str) -> HealthWeights: ...

    async def set_weights(self, organization_id: str, weights: HealthWeights, by: str, at: datetime) -> None:
        """Keep the weights and make every customer of the organization due."""
        ...

    async def due(self, measured_before: datetime, limit: int) -> list[Due]:
        """Return customers of any organization: first who changed since, then who waited longest.

        Stand-ins that found their customer are left out.
        """
        ...

    async def histories(
        self, organization_id: str, customer_ids: Collection[str]
    ) -> dict[str, HealthHistory]:
        """Return earlier states by customer, also for those without any."""
        ...

    async def save(self, organization_id: str, measured: Sequence[Measured]) -> None:
        """Keep fresh health. A customer that changed again since `changes` stays due."""
        ...


class Corrections(Protocol):
    """What people said of signals, and how surely a kind must be found because of it."""

    async def keep(self, correction: Correction) -> None:
        """Keep a person's word on a signal in place of an earlier one; thresholds follow at once."""
        ...

    async def newest(self, organization_id: str) -> list[Correction]:
        """Return the newest corrections first, at most 10,000."""
        ...

    async def thresholds(self, organization_id: str) -> dict[str, float]:
        """Return by `threshold_key` the confidence below which findings are not made."""
        ...

    async def remove(self, organization_id: str, connection_id: str) -> int: ...


class Questions(Protocol):
    """Questions to the language model with their outcomes. They hold places and digests, never words."""

    async def of(
        self, organization_id: str, conversation_keys: Collection[str]
    ) -> dict[str, dict[str, Question]]:
        """Return the questions of these conversations by conversation and id, whatever became of them."""
        ...

    async def ask(self, questions: Collection[Question]) -> None:
        """Keep new questions; one whose id is held stays as it is."""
        ...

    async def claim(self, owner: str, now: datetime, lease_seconds: float) -> Question | None:
        """Take the oldest unsettled question of any organization that nobody works on, for that long."""
        ...

    async def keep(self, question: Question) -> None:
        """Keep a question's outcome; nothing happens where it was forgotten meanwhile."""
        ...

    async def forget(self, organization_id: str, question_ids: Collection[str]) -> int: ...

    async def forget_words(
        self, organization_id: str, conversation_key: str, part_ids: Collection[str] | None
    ) -> int:
        """Forget what was asked about these parts, or about the whole conversation."""
        ...

    async def remove(self, organization_id: str, connection_id: str) -> int: ...


@dataclass(frozen=True, slots=True)
class Spent:
    """What was asked of the language model on one day."""

    requests: int = 0
    tokens: int = 0


class ModelUse(Protocol):
    """For which detectors an organization lets the language model be asked, and what that costs a day."""

    async def chosen(self, organization_id: str) -> frozenset[str]:
        """Return the detectors it is switched on for; nobody is switched on by default."""
        ...

    async def choose(
        self, organization_id: str, detectors: Collection[str], by: str, at: datetime
    ) -> None: ...

    async def spend(self, organization_id: str, day: str, tokens: int, most: Spent) -> bool:
        """Count one request of at most so many tokens in one guarded write, unless the budget has no room."""
        ...

    async def correct(self, organization_id: str, day: str, tokens: int) -> None:
        """Add what a request took beyond its estimate; negative where it took less."""
        ...

    async def spent(self, organization_id: str, day: str) -> Spent: ...


@dataclass(frozen=True, slots=True)
class Answered:
    """What a language model answered; `tokens` is its own count of both directions, where it told any."""

    content: str
    tokens: int | None = None


class LanguageModel(Protocol):
    """A chat model somewhere else."""

    @property
    def name(self) -> str: ...

    async def answer(self, prompt: Prompt) -> Answered:
        """Return what the model says; bounded in time and size.

        Raises:
            NoAnswerError: whatever went wrong, by its outcome. Nothing is tried twice.
        """
        ...


class Requests(Protocol):
    """Feature requests: distinct wishes with the wordings they are recognised by."""

    async def candidates(self, organization_id: str, tokens: Collection[str]) -> list[Request]: ...

    async def by_ids(self, organization_id: str, request_ids: Collection[str]) -> dict[str, Request]: ...

    async def add(self, organization_id: str, request: Request) -> Request:
        """Keep a new request, or return the one of that id that somebody else kept first."""
        ...

    async def add_wording(self, organization_id: str, request_id: str, tokens: tuple[str, ...]) -> None: ...

    async def reword(self, organization_id: str, before: Request, after: Request) -> bool:
        """Give a request another title and other wordings; False when it no longer has those of `before`."""
        ...

    async def join(self, organization_id: str, request_id: str, into: str, at: datetime) -> None:
        """Merge a request, and all that were merged into it, into another one."""
        ...

    async def merged_into(self, organization_id: str, request_id: str) -> list[Request]: ...

    async def forget_wordings(
        self, organization_id: str, request_ids: Collection[str], wordings: Collection[tuple[str, ...]]
    ) -> None:
        """Make these requests no longer recognise these wordings as theirs."""
        ...

    async def save_demand(self, organization_id: str, counted: Mapping[str, Demand]) -> None: ...

    async def set_state(
        self, organization_id: str, request_id: str, state: RequestState, by: str, at: datetime
    ) -> Request | None: ...

    async def delete(self, organization_id: str, request_ids: Collection[str]) -> int: ...


class Connections(Protocol):
    """What is known of each connection, and which are over."""

    async def get(self, organization_id: str, connection_id: str) -> ConnectionView | None: ...

    async def all_of(self, organization_id: str) -> list[ConnectionView]: ...

    async def standing(self, organization_id: str, connection_ids: Collection[str]) -> Standing:
        """Return how these connections stand now."""
        ...

    async def save(self, view: ConnectionView) -> bool:
        """Keep a newer revision; return False when the held one is as new, or the connection is over."""
        ...

    async def bar(self, organization_id: str, connection_id: str, workspace_id: str | None) -> Barrier:
        """Forget the connection and let nothing of it in from here on; return what was noted of that."""
        ...

    async def barrier(self, organization_id: str, connection_id: str) -> Barrier | None:
        """Return what was noted when a connection was barred; None for one that was not."""
        ...

    async def note_removed(self, barrier: Barrier, documents: int) -> None:
        """Count documents of a barred connection that went."""
        ...

    async def confirm(self, removed: DataRemoved) -> None:
        """Give our word, with the documents noted so far added; once only, however often it is called."""
        ...


class Rereads(Protocol):
    """Re-readings of the mirror that are under way, so that any replica can go on with them.

    Matching all companies anew goes the same way, in a store of its own.
    """

    async def ask(self, progress: Progress, *, again: bool) -> None:
        """Begin a re-reading of a connection, in place of any older one.

        Without `again`, one with the same fingerprint stays as it is, finished or under way.
        """
        ...

    async def claim(
        self, owner: str, now: datetime, lease_seconds: float, fingerprints: Collection[str]
    ) -> Progress | None:
        """Take the unfinished one with one of these fingerprints that was free longest, for so many seconds.

        None when there is none. What other versions asked for is left to them.
        """
        ...

    async def advance(self, progress: Progress, owner: str, now: datetime) -> None:
        """Keep where a re-reading stands, and give it back, behind all others that are free."""
        ...

    async def put_back(self, progress: Progress, owner: str, now: datetime) -> None:
        """Give one back as it was, behind all others that are free."""
        ...

    async def latest(self, organization_id: str) -> list[Progress]: ...

    async def remove(self, organization_id: str, connection_id: str) -> int: ...


class Redetections(Protocol):
    """What newer detectors would change, by connection, and what was decided about it."""

    async def ask(self, redetection: Redetection) -> None:
        """Begin one in place of the connection's older one; one of the same id stays as it is."""
        ...

    async def claim(
        self, owner: str, now: datetime, lease_seconds: float, fingerprints: Collection[str]
    ) -> Redetection | None:
        """Take the one being read with one of these fingerprints that was free longest, for so many seconds.

        None when there is none. What other versions asked for is left to them.
        """
        ...

    async def advance(self, redetection: Redetection, owner: str, *, cursor: str, now: datetime) -> bool:
        """Keep what a slice that began at `cursor` came to, and give it back, behind all others.

        Place and counts are kept in one write, once: False, with nothing kept, when somebody else got past
        `cursor`, took the lease over, or the redetection is gone.
        """
        ...

    async def of(self, organization_id: str) -> list[Redetection]: ...

    async def decide(self, redetection: Redetection, state: State, by: str, at: datetime) -> None: ...

    async def remove(self, organization_id: str, connection_id: str) -> int: ...


class Tombstones(Protocol):
    """Makes the bus forget signals whose data was removed."""

    async def bury(self, signals: Sequence[Signal]) -> None: ...


@dataclass(frozen=True, slots=True)
class DueSubject:
    """A subject to be reviewed; `marks` counts how often it was touched up to now."""

    organization_id: str
    subject: Subject
    connection_id: str
    known_before: datetime | None
    marks: int


class DueSubjects(Protocol):
    """Whose moods and facts are to be looked at, because something of theirs was read."""

    async def mark(
        self,
        organization_id: str,
        subjects: Mapping[Subject, ConnectionView],
        *,
        at: datetime,
        known_before: datetime | None,
    ) -> None:
        """Make subjects due. Of several moments before which all counts as known, the latest holds."""
        ...

    async def due(self, quiet_since: datetime, first_before: datetime, limit: int) -> list[DueSubject]:
        """Return subjects of any organization: due since `first_before`, or quiet since `quiet_since`."""
        ...

    async def done(self, organization_id: str, reviewed: Sequence[DueSubject], at: datetime) -> None:
        """Take the marks away; one that was marked again meanwhile stays due, as if first marked at `at`."""
        ...

    async def put_off(self, organization_id: str, subjects: Collection[Subject], until: datetime) -> None:
        """Leave these due, but as if first marked at `until`; a mark that comes before counts as ever."""
        ...

    async def remove(self, organization_id: str, connection_id: str) -> int: ...


class Leases(Protocol):
    """Who does a round's work, where one replica is enough."""

    async def take(self, name: str, owner: str, now: datetime, lease_seconds: float) -> bool:
        """Return whether `owner` has the lease now; it ends by itself."""
        ...

    async def hold(
        self, name: str, owner: str, now: datetime, lease_seconds: float, *, place: str | None = None
    ) -> bool:
        """As `take`, and whoever has the lease already prolongs it; `place` is kept: how far the work is."""
        ...

    async def place(self, name: str) -> str:
        """Return how far the work was kept to be, by whoever had the lease; empty for its beginning."""
        ...
