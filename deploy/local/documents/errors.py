"""The refusals a client can meet, with the codes and names that MongoDB drivers know.

CommandError                 any refusal; carries code, codeName and extra reply fields
├── BadValueError            an argument has the right type and a wrong value
├── FailedToParseError       a filter, update or stage is malformed
├── TypeMismatchError        an argument has the wrong BSON type
├── UnsupportedError         a real MongoDB feature that this server does not have; names it
└── DuplicateKeyError        a unique index already holds the key
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

CODE_NAMES: Final[Mapping[int, str]] = {
    1: "InternalError",
    2: "BadValue",
    8: "UnknownError",
    9: "FailedToParse",
    14: "TypeMismatch",
    16: "InvalidLength",
    20: "IllegalOperation",
    26: "NamespaceNotFound",
    27: "IndexNotFound",
    28: "PathNotViable",
    40: "ConflictingUpdateOperators",
    43: "CursorNotFound",
    48: "NamespaceExists",
    50: "MaxTimeMSExpired",
    52: "DollarPrefixedFieldName",
    53: "InvalidIdField",
    54: "NotSingleValueField",
    59: "CommandNotFound",
    66: "ImmutableField",
    67: "CannotCreateIndex",
    72: "InvalidOptions",
    73: "InvalidNamespace",
    85: "IndexOptionsConflict",
    86: "IndexKeySpecsConflict",
    91: "ShutdownInProgress",
    115: "CommandNotSupported",
    171: "CannotIndexParallelArrays",
    197: "InvalidIndexSpecificationOption",
    238: "NotImplemented",
    292: "QueryExceededMemoryLimitNoDiskUseAllowed",
    10334: "BSONObjectTooLarge",
    11000: "DuplicateKey",
    14031: "OutOfDiskSpace",
}
"""The codes used here, with MongoDB's own names."""


class CommandError(Exception):
    """A refusal that is answered to the client.

    Args:
        message: A whole sentence that names what was refused.
        code: MongoDB's numeric code; the name follows from it.
        extra: Further fields of the reply, such as ``keyPattern``.
    """

    def __init__(self, message: str, code: int = 8, extra: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.extra: dict[str, Any] = dict(extra or {})

    @property
    def code_name(self) -> str:
        return CODE_NAMES.get(self.code, f"Location{self.code}")

    def reply(self) -> dict[str, Any]:
        """The body of a failed command's reply."""
        return {
            "ok": 0.0,
            "errmsg": self.message,
            "code": self.code,
            "codeName": self.code_name,
            **self.extra,
        }

    def write_error(self, index: int) -> dict[str, Any]:
        """One entry of a write command's ``writeErrors``."""
        return {"index": index, "code": self.code, "errmsg": self.message, **self.extra}


class BadValueError(CommandError):
    """An argument has the right type and a wrong value."""

    def __init__(self, message: str) -> None:
        super().__init__(message, 2)


class FailedToParseError(CommandError):
    """A filter, update or stage is malformed."""

    def __init__(self, message: str) -> None:
        super().__init__(message, 9)


class TypeMismatchError(CommandError):
    """An argument has the wrong BSON type."""

    def __init__(self, message: str) -> None:
        super().__init__(message, 14)


class UnsupportedError(CommandError):
    """A MongoDB feature that this server does not have.

    Args:
        feature: What was asked for, in the client's own words.
        instead: What to do about it, if there is something.
    """

    def __init__(self, feature: str, instead: str = "") -> None:
        hint = f"; {instead}" if instead else ""
        super().__init__(f"{feature} is not supported by this server{hint}", 238)


class DuplicateKeyError(CommandError):
    """A unique index already holds the key.

    Args:
        namespace: ``database.collection``.
        index_name: The unique index.
        key_pattern: The index's key specification.
        key_value: The values that collide, by field.
    """

    def __init__(
        self, namespace: str, index_name: str, key_pattern: Mapping[str, Any], key_value: Mapping[str, Any]
    ) -> None:
        shown = ", ".join(f"{field}: {value!r}" for field, value in key_value.items())
        super().__init__(
            f"E11000 duplicate key error collection: {namespace} index: {index_name} dup key: {{ {shown} }}",
            11000,
            {"keyPattern": dict(key_pattern), "keyValue": dict(key_value)},
        )
