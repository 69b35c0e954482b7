"""Collections whose queries are limited to one organization, so that no handler can forget it (DESIGN §9)."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from pymongo import (
    DeleteMany,
    DeleteOne,
    IndexModel,
    InsertOne,
    ReplaceOne,
    ReturnDocument,
    UpdateMany,
    UpdateOne,
)
from pymongo.errors import DuplicateKeyError, PyMongoError

from shared.documents.database import Document, as_transient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence

    from pymongo.asynchronous.collection import AsyncCollection
    from pymongo.asynchronous.database import AsyncDatabase
    from pymongo.results import BulkWriteResult, DeleteResult, UpdateResult

T = TypeVar("T")

ORGANIZATION = "organization_id"
"""The field that every document carries."""

Sort: TypeAlias = "Sequence[tuple[str, int]] | None"
Write: TypeAlias = (
    "InsertOne[Document] | UpdateOne | UpdateMany | ReplaceOne[Document] | DeleteOne | DeleteMany"
)


@dataclass(frozen=True, slots=True)
class Index:
    """An index as code; `keys` are (field, 1 or -1) pairs."""

    keys: tuple[tuple[str, int], ...]
    unique: bool = False
    sparse: bool = False
    expire_after_seconds: int | None = None
    name: str | None = None

    def model(self) -> IndexModel:
        options: dict[str, Any] = {}
        if self.unique:
            options["unique"] = True
        if self.sparse:
            options["sparse"] = True
        if self.expire_after_seconds is not None:
            options["expireAfterSeconds"] = self.expire_after_seconds
        if self.name is not None:
            options["name"] = self.name
        return IndexModel(list(self.keys), **options)


@contextmanager
def database_errors() -> Iterator[None]:
    """Turn temporary conditions into `TransientError`; pass every other driver error on unchanged."""
    try:
        yield
    except PyMongoError as error:
        transient = as_transient(error)
        if transient is None:
            raise
        raise transient from error


_KINDS: tuple[type, ...] = (InsertOne, UpdateOne, UpdateMany, ReplaceOne, DeleteOne, DeleteMany)
_SLOTS: dict[type, tuple[str, ...]] = {
    kind: tuple(name for part in kind.__mro__ for name in getattr(part, "__slots__", ())) for kind in _KINDS
}


def _copied(write: Write) -> Write:
    """A shallow copy; `copy.copy` takes three times as long, and every write of every batch is copied."""
    copied: Write = object.__new__(type(write))
    for name in _SLOTS[type(write)]:
        setattr(copied, name, getattr(write, name))
    return copied


class Collection:
    """One collection of a service's database."""

    def __init__(self, database: AsyncDatabase[Document], name: str) -> None:
        self._collection = database[name]

    @property
    def name(self) -> str:
        return self._collection.name

    def of(self, organization_id: str) -> ScopedCollection:
        """Return one organization's view; nothing outside it can be read or written through it."""
        return ScopedCollection(self._collection, organization_id)

    def across_organizations(self) -> AsyncCollection[Document]:
        """Return the bare collection, for sweepers and schedulers that serve all organizations."""
        return self._collection

    async def ensure_indexes(self, *indexes: Index) -> None:
        """Create the indexes that are missing. Raises TransientError while the database is unavailable."""
        with database_errors():
            await self._collection.create_indexes([index.model() for index in indexes])


class ScopedCollection:
    """The documents of one organization.

    Methods take what PyMongo's methods of the same name take. The organization's id is added to filters,
    inserted documents and upserts. All raise `TransientError` for temporary conditions, and PyMongo's own
    errors (`DuplicateKeyError` above all) otherwise. An upsert whose filter is an `_id` alone updates the
    document that somebody else inserts at the same moment, instead of raising.
    """

    def __init__(self, collection: AsyncCollection[Document], organization_id: str) -> None:
        if not organization_id:
            raise ValueError("A query without an organization would read everybody's documents.")
        self._collection = collection
        self._organization_id = organization_id

    def _scoped(self, query: Mapping[str, Any]) -> Document:
        stated = query.get(ORGANIZATION, self._organization_id)
        if stated != self._organization_id:
            raise ValueError(
                f"This query is bound to {self._organization_id!r} and names another organization."
            )
        return {ORGANIZATION: self._organization_id, **query}

    async def find_one(
        self, query: Mapping[str, Any], *, projection: Any = None, sort: Sort = None
    ) -> Document | None:
        with database_errors():
            return await self._collection.find_one(self._scoped(query), projection, sort=sort)

    async def find(
        self,
        query: Mapping[str, Any],
        *,
        projection: Any = None,
        sort: Sort = None,
        limit: int = 0,
        skip: int = 0,
    ) -> list[Document]:
        """Return all matching documents; give a limit, or use `stream` where there may be many."""
        with database_errors():
            cursor = self._collection.find(self._scoped(query), projection, sort=sort, limit=limit, skip=skip)
            return await cursor.to_list()

    async def stream(
        self, query: Mapping[str, Any], *, projection: Any = None, sort: Sort = None, batch_size: int = 500
    ) -> AsyncIterator[Document]:
        with database_errors():
            cursor = self._collection.find(self._scoped(query), projection, sort=sort, batch_size=batch_size)
            async for document in cursor:
                yield document

    async def insert_one(self, document: Mapping[str, Any]) -> None:
        with database_errors():
            await self._collection.insert_one(self._scoped(document))

    async def insert_many(self, documents: Sequence[Mapping[str, Any]], *, ordered: bool = True) -> None:
        if not documents:
            return
        with database_errors():
            await self._collection.insert_many(
                [self._scoped(document) for document in documents], ordered=ordered
            )

    async def update_one(
        self,
        query: Mapping[str, Any],
        update: Mapping[str, Any],
        *,
        upsert: bool = False,
        array_filters: Sequence[Mapping[str, Any]] | None = None,
    ) -> UpdateResult:
        async def write() -> UpdateResult:
            return await self._collection.update_one(
                self._scoped(query), update, upsert=upsert, array_filters=array_filters
            )

        return await _written(write, by_id=upsert and _names_only_id(query))

    async def update_many(
        self,
        query: Mapping[str, Any],
        update: Mapping[str, Any],
        *,
        array_filters: Sequence[Mapping[str, Any]] | None = None,
    ) -> UpdateResult:
        with database_errors():
            return await self._collection.update_many(
                self._scoped(query), update, array_filters=array_filters
            )

    async def replace_one(
        self, query: Mapping[str, Any], document: Mapping[str, Any], *, upsert: bool = False
    ) -> UpdateResult:
        async def write() -> UpdateResult:
            return await self._collection.replace_one(
                self._scoped(query), self._scoped(document), upsert=upsert
            )

        return await _written(write, by_id=upsert and _names_only_id(query))

    async def find_one_and_update(
        self,
        query: Mapping[str, Any],
        update: Mapping[str, Any],
        *,
        upsert: bool = False,
        sort: Sort = None,
        return_new: bool = True,
    ) -> Document | None:
        async def write() -> Document | None:
            document: Document | None = await self._collection.find_one_and_update(
                self._scoped(query),
                update,
                upsert=upsert,
                sort=sort,
                return_document=ReturnDocument.AFTER if return_new else ReturnDocument.BEFORE,
            )
            return document

        return await _written(write, by_id=upsert and _names_only_id(query))

    async def delete_one(self, query: Mapping[str, Any]) -> DeleteResult:
        with database_errors():
            return await self._collection.delete_one(self._scoped(query))

    async def delete_many(self, query: Mapping[str, Any]) -> DeleteResult:
        with database_errors():
            return await self._collection.delete_many(self._scoped(query))

    async def count(self, query: Mapping[str, Any], *, limit: int | None = None) -> int:
        with database_errors():
            if limit is None:
                return await self._collection.count_documents(self._scoped(query))
            return await self._collection.count_documents(self._scoped(query), limit=limit)

    async def distinct(self, field: str, query: Mapping[str, Any]) -> list[Any]:
        with database_errors():
            return await self._collection.distinct(field, self._scoped(query))

    async def aggregate(self, pipeline: Sequence[Mapping[str, Any]]) -> list[Document]:
        """Run a pipeline over this organization's documents only, by prepending a `$match`."""
        with database_errors():
            cursor = await self._collection.aggregate(
                [{"$match": {ORGANIZATION: self._organization_id}}, *pipeline]
            )
            return await cursor.to_list()

    async def bulk_write(self, writes: Sequence[Write], *, ordered: bool = False) -> BulkWriteResult | None:
        """Send many writes in few round trips, each limited to the organization. None if there are none."""
        if not writes:
            return None
        with database_errors():
            return await self._collection.bulk_write(
                [self._scoped_write(write) for write in writes], ordered=ordered
            )

    def _scoped_write(self, write: Write) -> Write:
        # PyMongo keeps a write's parts in private attributes; a copy keeps every option that it was given.
        scoped: Any = _copied(write)
        if isinstance(write, InsertOne | ReplaceOne):
            scoped._doc = self._scoped(write._doc)  # noqa: SLF001 - see above
        if not isinstance(write, InsertOne):
            scoped._filter = self._scoped(write._filter)  # noqa: SLF001 - see above
        return cast("Write", scoped)


def _names_only_id(query: Mapping[str, Any]) -> bool:
    return query.keys() == {"_id"}


async def _written(write: Callable[[], Awaitable[T]], *, by_id: bool) -> T:
    """Write, once more where an upsert by id met a document that was not there when it looked.

    Of two that insert it at once the server refuses one. MongoDB repeats that one by itself only where the
    filter has the fields of the unique key and no others, and ours names the organization as well.
    """
    with database_errors():
        try:
            return await write()
        except DuplicateKeyError:
            if not by_id:
                raise
        return await write()
