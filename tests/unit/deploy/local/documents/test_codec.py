"""Encoding: the options that are quick for the driver write what the options for decoding would."""

from __future__ import annotations

import uuid
from typing import Any

import bson
import pytest
from bson import DBRef, Int64, ObjectId, Regex, Timestamp
from bson.datetime_ms import DatetimeMS
from bson.raw_bson import RawBSONDocument
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.documents.codec import OPTIONS, decode, encode, reencode_is_exact
from deploy.local.documents.errors import FailedToParseError

_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(max_size=3),
    st.binary(max_size=3),
    st.builds(Int64, st.integers(-3, 3)),
    st.builds(DatetimeMS, st.integers(-(2**63), 2**63 - 1)),
    st.sampled_from([ObjectId(), Timestamp(1, 2), Regex("a", 2), DBRef("a", 1)]),
    st.just(RawBSONDocument(bson.encode({"a": 1}))),
)
_NAMES = st.text("ab", min_size=1, max_size=2)
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_NAMES, inner, max_size=2)
)


@given(st.dictionaries(_NAMES, _VALUES, max_size=3))
def test_encoding_asks_for_no_class(document: dict[str, Any]) -> None:
    """Bytes are those of the options that documents are decoded with, and decode to what they came from."""
    data = encode(document)
    assert data == bson.encode(document, codec_options=OPTIONS)
    assert reencode_is_exact(data, decode(data))


@pytest.mark.parametrize("value", [uuid.UUID(int=1), object(), 2**63])
def test_what_cannot_be_encoded_is_refused(value: Any) -> None:
    """A UUID without a representation, a foreign object and a number too great are refused."""
    with pytest.raises(FailedToParseError, match="cannot be written"):
        encode({"a": value})
