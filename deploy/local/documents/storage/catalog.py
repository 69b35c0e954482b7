"""What a database holds: collections and their indexes, and the names they may have.

A collection is two kinds of SQLite tables: ``c<id>`` with one row per document (its key, its bytes), and
one ``i<id>`` per index with one row per index entry. The catalog's rows live in the same file, so that a
collection and its description change in one transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from deploy.local.documents.errors import CommandError

if TYPE_CHECKING:
    from deploy.local.documents.codec import Document
    from deploy.local.documents.query.sorting import SortOrder

ID_INDEX_NAME: Final = "_id_"
MAX_INDEXES: Final = 64
"""MongoDB's own ceiling per collection."""
MAX_NAME_BYTES: Final = 255
MAX_DATABASE_NAME_BYTES: Final = 63
_NOT_IN_DATABASE_NAMES: Final = frozenset('/\\. "$*<>:|?\0')


@dataclass(slots=True, eq=False)
class Index:
    """One secondary index.

    Attributes:
        id: The number in its table's name.
        name: Its name in the collection.
        order: Its fields and directions.
        specification: What ``listIndexes`` shows.
        multikey: Positions of fields that some document filled from an array. Grows before the commit
            that needs it and never shrinks, so a reader can only be too careful.
        fields: The document's own fields that its entries come from.
        single: The own field and direction of an index on nothing else, else None.
        table: The name of its table.
        unique: Whether no two documents may have the same entry.
        sparse: Whether documents without any of its fields are left out.
    """

    id: int
    name: str
    order: SortOrder
    specification: Document
    multikey: frozenset[int] = frozenset()
    fields: frozenset[str] = field(init=False)
    single: tuple[str, int] | None = field(init=False)
    table: str = field(init=False)
    unique: bool = field(init=False)
    sparse: bool = field(init=False)

    def __post_init__(self) -> None:
        path, direction = self.order[0]
        self.single = (path[0], direction) if len(self.order) == len(path) == 1 else None
        self.fields = frozenset(path[0] for path, _ in self.order)
        self.table = f"i{self.id}"
        self.unique = bool(self.specification.get("unique", False))
        self.sparse = bool(self.specification.get("sparse", False))

    @property
    def expire_after_seconds(self) -> float | None:
        return self.specification.get("expireAfterSeconds")

    @property
    def key_pattern(self) -> Document:
        return dict(self.specification["key"])


@dataclass(frozen=True, slots=True, eq=False)
class Collection:
    """One collection as its database's catalog knows it; replaced, never changed, when indexes change.

    ``table`` is the name of its table.
    """

    id: int
    name: str
    database_name: str
    uuid: bytes
    indexes: tuple[Index, ...] = field(default=())
    table: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "table", f"c{self.id}")

    @property
    def namespace(self) -> str:
        return f"{self.database_name}.{self.name}"


Catalog = dict[str, Collection]


def check_database_name(name: Any) -> str:
    """Give back a database name that MongoDB would take; raises code 73 for others."""
    if not isinstance(name, str) or not name or not _NOT_IN_DATABASE_NAMES.isdisjoint(name):
        raise CommandError(f"Invalid database name: {name!r}", 73)
    if len(name.encode()) > MAX_DATABASE_NAME_BYTES:
        raise CommandError(f"a database name has at most {MAX_DATABASE_NAME_BYTES} bytes: {name!r}", 73)
    return name


def check_collection_name(name: Any) -> str:
    """Give back a collection name that MongoDB would take; raises code 73 for others."""
    if not isinstance(name, str):
        raise CommandError("collection name has invalid type", 73)
    if not name or name.startswith((".", "system.")) or name.endswith(".") or "$" in name or "\0" in name:
        raise CommandError(f"Invalid collection name: {name!r}", 73)
    if len(name.encode()) > MAX_NAME_BYTES:
        raise CommandError(f"a collection name has at most {MAX_NAME_BYTES} bytes", 73)
    return name
