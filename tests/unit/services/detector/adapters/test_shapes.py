"""What is checked of stored documents names every field of what they are read into."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from services.detector.adapters.shapes import CompanyShape, ConversationShape, CustomerShape, SignalShape
from services.detector.domain.conversation import AccountFacts
from services.detector.domain.matching import Suggestion
from services.detector.domain.mirror import Mark
from services.detector.domain.signal import Happening, Proof


def within(shape: type[BaseModel], *path: str) -> type[BaseModel]:
    """Return the shape of a field, or of the items of a list, below another shape."""
    for name in path:
        annotation: Any = shape.model_fields[name].annotation
        parts = [part for part in (annotation, *get_args(annotation)) if isinstance(part, type)]
        shape = next(part for part in parts if issubclass(part, BaseModel))
    return shape


@pytest.mark.parametrize(
    ("shape", "read_into"),
    [
        (within(SignalShape, "proofs"), Proof),
        (within(SignalShape, "history"), Happening),
        (within(ConversationShape, "analysis", "marks"), Mark),
        (within(CompanyShape, "suggestions"), Suggestion),
        (within(CustomerShape, "facts"), AccountFacts),
    ],
)
def test_no_field_goes_unchecked(shape: type[BaseModel], read_into: Any) -> None:
    """A field that is added to one is added to the other."""
    assert set(shape.model_fields) == {field.name for field in fields(read_into)}
