"""Which commands are brief: few statements, small, and each about one document found by its plain `_id`.

Decided before they run, from what was sent alone, since the event loop does such commands itself and must
not be held up by a search.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bson.objectid import ObjectId

from deploy.local.documents.errors import CommandError

if TYPE_CHECKING:
    from deploy.local.documents.codec import Document
    from deploy.local.documents.commands.call import Call

_MOST_STATEMENTS: Final = 4
_MOST_BYTES: Final = 64 * 1024
"""A few milliseconds of work at most, indexes included."""
_FILTERS: Final = {"find": "filter", "findAndModify": "query", "findandmodify": "query"}
_STATEMENTS: Final = {"update": "updates", "delete": "deletes", "insert": "documents"}
"""By command, the arguments under which drivers send what is meant and what is to be done."""
_PLAIN: Final = frozenset({str, int, ObjectId})


def is_brief(call: Call) -> bool:
    """Whether a command is done in about the time that it takes to hand it to another thread."""
    request, name = call.request, call.name
    if len(request.body) > _MOST_BYTES:
        return False
    filtering = _FILTERS.get(name)
    if filtering is not None:
        return (
            _names_one(call.body.get(filtering)) and not call.body.get("hint") and not call.body.get("sort")
        )
    argument = _STATEMENTS.get(name, "")
    statements = request.sequences.get(argument)
    if statements is None or len(statements) > _MOST_STATEMENTS or sum(map(len, statements)) > _MOST_BYTES:
        return False
    if name == "insert":
        return True
    try:
        decoded = call.documents(argument)
    except CommandError:
        return False
    return all(map(_is_about_one, decoded))


def _is_about_one(statement: Document) -> bool:
    return _names_one(statement.get("q")) and not statement.get("hint")


def _names_one(query: Any) -> bool:
    return isinstance(query, dict) and type(query.get("_id")) in _PLAIN
