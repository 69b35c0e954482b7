"""Where another engine answers otherwise than the suite asks, and why it asks so: MongoDB's manual decides.

A listed test must fail on that engine; one that begins to pass fails the run, so that the list stays true.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.engines.choice import EngineName

_LACKS = "it does not know this; MongoDB has it"
_REFUSES_LATER = "it takes, as MongoDB does, what the portable subset leaves out and we refuse by name"
_STANDALONE = "it introduces itself otherwise, and does not announce sessions"
_DETAILS = "its duplicate key error has no keyPattern and keyValue, which MongoDB 4.4 and later give"
_ONE_ELEMENT = (
    "it wants one element of an array to meet both bounds; the manual (Query an Array, compound conditions)"
    " lets one element meet one bound and another the other"
)

_LACKING = (
    "$dateSubtract", "$isoDayOfWeek", "$isoWeek", "$isoWeekYear", "$week", "$millisecond",
    "$ltrim", "$rtrim", "$trim", "$replaceAll", "$toDecimal",
)  # fmt: skip
_COMMANDS_LACKING = ("getParameter", "refreshSessions", "killSessions")

JAVA: dict[str, str] = {
    "test_the_greeting_is_a_standalone_server": _STANDALONE,
    "test_transactions_are_refused_by_name": _STANDALONE,
    "test_collections_are_made_listed_and_dropped": "it lists in no order and lets one be made twice",
    "test_indexes_are_made_once_and_described": "it makes an index anew where a name means another",
    "test_unsupported_indexes_are_named": _REFUSES_LATER,
    "test_unique_index[": _DETAILS,
    "test_unique_index_over_arrays_and_sparse": _DETAILS,
    "test_insert_makes_an_id_and_refuses_a_second": _DETAILS,
    "test_parallel_arrays_are_refused": "it indexes parallel arrays; the manual (Multikey) forbids them",
    "test_explain_shows_index_use": "it has no explain",
    "test_alternatives_beside_equality_use_the_index": "it has no explain",
    "test_a_list_has_its_index": "it has no explain",
    "test_conversations_have_their_indexes": "it has no explain",
    "test_claims_are_found_without_what_waits": "it has no explain",
    "test_a_slice_is_read_in_order_from_an_index": "it has no explain",
    "test_what_is_left_is_counted_from_an_index": "it has no explain",
    "test_counting_unread_entries_reads_none_that_were_read": "it has no explain",
    "test_counting_stops_at_its_limit": "it has no explain",
    "test_what_is_let_go_of_has_its_index": "it has no explain",
    "test_whoever_waits_is_found_by_an_index": "it has no explain",
    "test_unknown_hint_is_refused": "it ignores hints",
    "test_bad_collection_names": "it takes names that the manual (Naming Restrictions) forbids",
    "test_expired_documents_disappear": "it looks for expired ones once a minute, longer than the test waits",
    "test_group_accumulators": _LACKS,
    "test_shaping_stages": _LACKS,
    "test_expression[java-expression0-": _LACKS + " ($ifNull with more than two)",
    "test_expression[java-expression3-": _LACKS + " ($switch)",
    "test_expression[java-expression9-": _LACKS + " ($round)",
    "test_expression[java-expression10-": _LACKS + " ($round)",
    "test_expression[java-expression31-": _LACKS + " ($let)",
    "test_expression[java-expression43-": "it takes missing for null; in an aggregation they differ",
    "test_expression[java-expression45-": _LACKS + " ($type)",
    "test_expression[java-expression46-": _LACKS + " ($type)",
    "test_expression[java-expression50-": "it counts days from Monday, the manual from Sunday",
    "test_expression[java-expression52-": _LACKS + " ($dateTrunc)",
    "test_expression[java-expression53-": _LACKS + " ($dateTrunc)",
    "test_expression[java-expression54-": _LACKS + " ($dateDiff)",
    "test_expression[java-expression55-": _LACKS + " ($dateAdd)",
    "test_expression[java-expression56-": _LACKS + " ($regexMatch)",
    "test_unsupported_is_named[java-stage1-$out": _REFUSES_LATER,
    "test_example[java-$pow": "it answers a double for whole numbers, the manual a whole number",
    "test_example[java-$trunc": "it answers a whole number for a double, the manual keeps the type",
    **{f"test_example[java-{name}]": _LACKS for name in _LACKING},
    "test_fields_are_added_and_roots_replaced": _LACKS + " ($replaceWith)",
    **{f"test_small_command[java-{{'{name}'": _LACKS for name in _COMMANDS_LACKING},
    "test_large_result_comes_in_batches": _LACKS + " ($set as a stage)",
    "test_pymongo_errors_are_what_drivers_know": "it answers a wrong type by another code than 73",
    "test_filters_with_and_without_indexes": _ONE_ELEMENT,
    "test_projection[java-{'tags': {'$slice': [0": "it refuses $slice in an exclusion; the manual allows it",
    "test_projection[java-{'tags': {'$elemMatch'": "it finds no plain values by $elemMatch in a projection",
    "test_projection[java-{'upper'": _LACKS + " (expressions in find's projection)",
    "test_what_cannot_be_answered_is_named": "it takes them, or refuses by other codes",
    "test_collation_is_refused": "it ignores collations; we refuse what we would answer wrongly",
    "test_a_cursor_does_not_read_on_in_a_new_collection": "its cursors are copies of the whole result",
    "test_every_type_comes_back_byte_for_byte": "it closes the connection at the deprecated BSON types",
    "test_update_operator[java-{'a': [1]}-{'$addToSet'": (
        "it adds 1.0 to a set that has 1; numbers of one value are equal (BSON comparison)"
    ),
    "test_update_that_is_refused[java-{'$set': {'list.$[x]'": "it answers another code than MongoDB's 2",
    "test_pipeline_update_is_refused_by_name": "it answers without the word that names pipelines",
    "test_unacknowledged_write_arrives": "a read on another connection can overtake an unacknowledged write",
    "test_too_large_a_document_is_refused": "it has no limit of 16 MB",
    "test_what_would_change_the_answer_is_refused": "it ignores these options; we refuse what we do not do",
    "test_a_plan_is_as_detailed_as_asked": "it has no explain",
    "test_names_are_listed_alone": "it tells more than the names that were asked for",
    "test_a_single_batch_keeps_no_cursor": "it keeps a cursor that nobody asked for",
}
"""By test, or by its beginning where only some parameters differ, for mongo-java-server 1.47.0."""


REFUSED_BY_US = (
    "test_unsupported_indexes_are_named",
    "test_unsupported_is_named",
    "test_what_cannot_be_answered_is_named",
    "test_collation_is_refused",
    "test_pipeline_update_is_refused_by_name",
    "test_what_would_change_the_answer_is_refused",
)
"""Tests of what this server refuses by name and MongoDB has: there is nothing to ask MongoDB."""


def nothing_to_ask(test: str) -> str | None:
    """Return why a test, named with its parameters, does not concern the engine it would meet."""
    if "[mongodb" in test and test.partition("[")[0] in REFUSED_BY_US:
        return "MongoDB has what is outside the portable subset; that it is refused by name is ours"
    return None


def reason_for(test: str) -> str | None:
    """Return why a test, named with its parameters, is expected to fail on mongo-java-server."""
    if "[java" not in test:
        return None
    found = [reason for name, reason in JAVA.items() if test.startswith(name)]
    return found[0] if found else None


def is_known(
    engine: EngineName, what: str, detail: Sequence[Any], ours: int | None, theirs: int | None
) -> bool:
    """Tell whether an engine differs here in a listed way; codes are None where there was an answer.

    `detail` is what the test asked, the documents last. Of MongoDB nothing is listed: it decides.
    """
    if engine != "java" or (ours is not None and theirs is not None):
        # Where it refuses too, it does so by other codes: ours are MongoDB's (checked by name in the suite).
        return engine == "java"
    rows = detail[-1]
    if _asks_for_null_otherwise(detail[:-1], rows):
        return True
    if what == "find":
        # It compares whole arrays where the manual (cursor.sort, arrays) takes the least or greatest element,
        # and puts an empty one before null.
        return any(_is_odd_array(row.get(field)) for row in rows for field, _ in detail[1])
    if what == "update":
        # It takes null for a missing field; the manual ($inc, $mul, $pull, $push, $pop) refuses it.
        (change,) = detail[1].values()
        return ours is not None and any(row.get(field, 0) is None for row in rows for field in change)
    # It drops nulls from $push; the manual ($push, aggregation) adds them.
    # It groups an array of null with null; the manual ($group) groups by equal values.
    grouped = [stage["$group"]["_id"] for stage in detail[0] if "$group" in stage]
    if any(key and isinstance(row.get(key.removeprefix("$")), list) for row in rows for key in grouped):
        return True
    pushed = [name for stage in detail[0] for name in _pushed(stage)]
    return any(
        row.get(field, 0) is None or isinstance(row.get(field), list) for row in rows for field in pushed
    )


def _asks_for_null_otherwise(asked: Sequence[Any], rows: Sequence[Mapping[str, Any]]) -> bool:
    # $all of null is a conjunction of equalities (manual, $all), which a missing field meets.
    # It looks for a path's field within arrays of arrays, and takes none for null; the manual (Query an
    # Array of Embedded Documents) has the array's documents looked into, and nothing deeper.
    return ("'$all'" in repr(asked) and "None" in repr(asked)) or _asks_for_null_below(asked, _nested(rows))


def _nested(rows: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """The fields that hold an array within an array somewhere."""
    return frozenset(
        name
        for row in rows
        for name, value in row.items()
        if isinstance(value, list) and any(isinstance(one, list) for one in value)
    )


def _asks_for_null_below(asked: Any, fields: frozenset[str]) -> bool:
    """Whether a dotted path through one of the fields is compared with null, anywhere in what was asked."""
    if isinstance(asked, dict):
        return any(
            ("." in name and name.split(".")[0] in fields and "None" in repr(value))
            or _asks_for_null_below(value, fields)
            for name, value in asked.items()
        )
    return isinstance(asked, list | tuple) and any(_asks_for_null_below(one, fields) for one in asked)


def _is_odd_array(value: object) -> bool:
    return isinstance(value, list) and (not value or any(isinstance(one, list) for one in value))


def _pushed(stage: Mapping[str, Any]) -> list[str]:
    group = stage.get("$group", {})
    return [
        each["$push"].removeprefix("$")
        for each in group.values()
        if isinstance(each, dict) and "$push" in each
    ]
