"""An update as the client sent it, checked once and applied to any number of documents."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from deploy.local.documents.errors import (
    BadValueError,
    CommandError,
    FailedToParseError,
    UnsupportedError,
)
from deploy.local.documents.keys import encode_key
from deploy.local.documents.paths import MISSING, Path, split
from deploy.local.documents.query.clauses import And, equality_fields, matched_element, parse_filter
from deploy.local.documents.updates import operators
from deploy.local.documents.updates.flat import flat_update
from deploy.local.documents.updates.targets import Situation, Target, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bson.datetime_ms import DatetimeMS

    from deploy.local.documents.codec import Document

_KNOWN: Final = (*operators.OPERATORS, "$rename", "$currentDate")
_ELSEWHERE: Final = frozenset({"$bit"})


@dataclass(frozen=True, slots=True)
class _Step:
    operator: str
    path: Path
    action: Callable[[Target], None] | None
    new_path: Path = ()


class Update:
    """A replacement or a set of operators.

    Args:
        specification: The update document.
        array_filters: The documents of ``arrayFilters``.
        now: The clock for ``$currentDate``.

    Raises `FailedToParseError`, `BadValueError` or `UnsupportedError`, naming the operator.
    """

    def __init__(self, specification: Any, array_filters: Any, now: Callable[[], DatetimeMS]) -> None:
        if isinstance(specification, list):
            raise UnsupportedError("an update by a pipeline", "use update operators")
        if not isinstance(specification, dict):
            raise FailedToParseError("an update has to be a document")
        self._tests = _element_tests(array_filters)
        self._now = now
        self._steps: list[_Step] = []
        self._replacement: Document | None = None
        self._flat = None if self._tests else flat_update(specification)
        if self._flat is not None:
            return
        if specification and next(iter(specification)).startswith("$"):
            for name, fields in specification.items():
                self._add(name, fields)
            _refuse_conflicts(self._steps)
            self._refuse_unused_filters()
        else:
            for name in specification:
                if name.startswith("$"):
                    raise CommandError(
                        f"The dollar ($) prefixed field '{name}' in '{name}' is not allowed in an update that"
                        " begins with a plain field",
                        52,
                    )
            if self._tests:
                raise FailedToParseError("arrayFilters cannot be used with a replacement")
            self._replacement = specification

    @property
    def is_replacement(self) -> bool:
        return self._replacement is not None

    @property
    def reaches_inside(self) -> bool:
        """Whether `apply` changes more than the document's own fields, so that it works on a deep copy."""
        return self._replacement is None and self._flat is None

    @property
    def touched(self) -> frozenset[str] | None:
        """The fields of a document's own that the update may change; None where it may change all."""
        if self.is_replacement:
            return None
        if self._flat is not None:
            return frozenset(self._flat.always)
        return frozenset(path[0] for step in self._steps for path in (step.path, step.new_path) if path)

    def apply(
        self, document: Document, node: And, *, copied: Document | None = None, is_insert: bool = False
    ) -> Document:
        """The document after the update; the one given is left as it was.

        Args:
            document: The document as it is.
            node: The filter that it matched, for ``$``.
            copied: A deep copy to work on, if the caller has one cheaper than copying.
            is_insert: Whether an upsert is making the document.

        Raises code 66 where the update would change ``_id``.
        """
        if self._replacement is not None:
            identity = document.get("_id", self._replacement.get("_id", MISSING))
            rest = {name: value for name, value in self._replacement.items() if name != "_id"}
            result = rest if identity is MISSING else {"_id": identity, **rest}
            self._check_id(document, self._replacement)
            return result
        if self._flat is not None:
            fields = self._flat.inserted if is_insert else self._flat.always
            result = {**document, **fields}
            if "_id" in fields:
                self._check_id(document, result)
            return result
        result = copied if copied is not None else copy.deepcopy(document)
        situation = Situation(lambda path: matched_element(node, document, path), self._tests, is_insert)
        for step in self._steps:
            self._run(step, result, situation)
        self._check_id(document, result, removable=False)
        return result

    def insert_from(self, node: And) -> Document:
        """The document that an upsert stores when nothing matched."""
        seed: Document = {}
        fixed: dict[Path, bytes] = {}
        for path, value in equality_fields(node):
            if self.is_replacement and path != ("_id",):
                continue
            key = encode_key(value)
            if fixed.get(path, key) != key:
                raise CommandError(
                    f"cannot infer query fields to set, path '{'.'.join(path)}' is matched twice", 54
                )
            fixed[path] = key
            situation = Situation(lambda _: None, {}, is_insert=True)
            for target in resolve(seed, path, situation, create=True):
                target.set(copy.deepcopy(value))
        return self.apply(seed, node, is_insert=True)

    def _add(self, name: str, fields: Any) -> None:
        if name in _ELSEWHERE:
            raise UnsupportedError(f"the update operator {name}")
        if name not in _KNOWN:
            raise FailedToParseError(
                f"Unknown modifier: {name}. Expected a valid update modifier or pipeline-style update"
                " specified as an array"
            )
        if not isinstance(fields, dict):
            raise FailedToParseError(
                f"Modifiers operate on fields but we found no document: {{{name}: {fields!r}}}"
            )
        for path, operand in fields.items():
            self._steps.append(self._step(name, _checked(path), operand))

    def _step(self, name: str, path: Path, operand: Any) -> _Step:
        if name == "$rename":
            if not isinstance(operand, str):
                raise BadValueError("The 'to' field for $rename must be a string")
            new_path = _checked(operand)
            if any(part.startswith("$") for part in (*path, *new_path)):
                raise BadValueError("$rename cannot go through an array")
            return _Step(name, path, None, new_path)
        if name == "$currentDate":
            return _Step(name, path, operators.current_date(operand, self._now))
        return _Step(name, path, operators.OPERATORS[name](operand))

    def _run(self, step: _Step, document: Document, situation: Situation) -> None:
        if step.operator == "$setOnInsert" and not situation.is_insert:
            return
        if step.action is None:
            _rename(step, document, situation)
            return
        for target in resolve(document, step.path, situation, create=step.operator in operators.CREATING):
            step.action(target)

    def _refuse_unused_filters(self) -> None:
        named = {part[2:-1] for step in self._steps for part in step.path if part.startswith("$[")}
        for identifier in self._tests:
            if identifier not in named:
                raise FailedToParseError(
                    f"The array filter for identifier '{identifier}' was not used in the update"
                )

    @staticmethod
    def _check_id(before: Document, after: Document, *, removable: bool = True) -> None:
        old, new = before.get("_id", MISSING), after.get("_id", MISSING)
        if old is MISSING or (new is MISSING and removable):
            return
        if new is MISSING or encode_key(old) != encode_key(new):
            raise CommandError(
                "Performing an update on the path '_id' would modify the immutable field '_id'", 66
            )


def _checked(path: str) -> Path:
    parts = split(path)
    if not all(parts):
        raise CommandError(
            f"The update path '{path}' contains an empty field name, which is not allowed.", 56
        )
    for part in parts:
        if part.startswith("$") and part != "$" and not (part.startswith("$[") and part.endswith("]")):
            raise CommandError(
                f"The dollar ($) prefixed field '{part}' in '{path}' is not valid for storage.", 52
            )
    if parts[0].startswith("$"):
        raise BadValueError(
            f"Cannot have positional (i.e. '$') element in the first position in path '{path}'"
        )
    return parts


def _refuse_conflicts(steps: list[_Step]) -> None:
    """Two operators on the same field, or on a field and one inside it, have no defined order."""
    if len(steps) == 1 and not steps[0].new_path:
        return
    taken: set[Path] = set()
    inside: set[Path] = set()
    for step in steps:
        for path in (step.path, step.new_path) if step.new_path else (step.path,):
            above = {path[:length] for length in range(1, len(path))}
            if path in taken or path in inside or above & taken:
                shown = ".".join(path)
                raise CommandError(f"Updating the path '{shown}' would create a conflict at '{shown}'", 40)
            taken.add(path)
            inside |= above


def _rename(step: _Step, document: Document, situation: Situation) -> None:
    for source in resolve(document, step.path, situation, create=False):
        value = source.get()
        if value is MISSING:
            continue
        if isinstance(source.container, list):
            raise BadValueError(
                f"The source field of $rename cannot be an array element: {'.'.join(step.path)}"
            )
        source.remove()
        for target in resolve(document, step.new_path, situation, create=True):
            if isinstance(target.container, list):
                raise BadValueError(
                    f"The destination field of $rename cannot be an array element: {'.'.join(step.new_path)}"
                )
            target.set(value)


def _element_tests(array_filters: Any) -> Mapping[str, Callable[[Any], bool]]:
    if array_filters is None:
        return {}
    if not isinstance(array_filters, list) or not all(isinstance(item, dict) for item in array_filters):
        raise FailedToParseError("arrayFilters has to be an array of documents")
    tests: dict[str, Callable[[Any], bool]] = {}
    for specification in array_filters:
        identifier = _identifier(specification)
        if identifier in tests:
            raise FailedToParseError(
                f"Found multiple array filters with the same top-level field name {identifier}"
            )
        tests[identifier] = _element_test(identifier, parse_filter(specification))
    return tests


def _identifier(specification: Document) -> str:
    names: set[str] = set()
    _collect_identifiers(specification, names)
    if len(names) != 1:
        raise FailedToParseError(
            f"an array filter has to name one identifier, not {len(names)}: {', '.join(sorted(names))}"
        )
    return names.pop()


def _collect_identifiers(specification: Document, names: set[str]) -> None:
    for name, operand in specification.items():
        if name in {"$and", "$or", "$nor"} and isinstance(operand, list):
            for item in operand:
                if isinstance(item, dict):
                    _collect_identifiers(item, names)
        else:
            names.add(name.partition(".")[0])


def _element_test(identifier: str, node: And) -> Callable[[Any], bool]:
    return lambda item: node.matches({identifier: item})
