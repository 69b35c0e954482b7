"""Completes a service's OpenAPI document with what all its operations share: the bearer key, and errors.

FastAPI describes errors in a form of its own, which no service here sends, and leaves out all others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI

_WORDS = (
    "Every call brings a bearer key, made under Settings, API keys or by `earshot keys make NAME`. What is"
    " refused is answered with a problem document (RFC 9457), whose `reference` is found in the log."
)
_BEARER = {"type": "http", "scheme": "bearer", "description": "A bearer key of the organization."}

_PROBLEM = {
    "title": "Problem",
    "type": "object",
    "description": "Why a call was refused (RFC 9457).",
    "required": ["type", "title", "status", "detail", "reference"],
    "properties": {
        "type": {"type": "string", "description": "Always about:blank: the status says which kind it is."},
        "title": {"type": "string", "description": "The kind of refusal, in words."},
        "status": {"type": "integer", "description": "The HTTP status once more."},
        "detail": {"type": "string", "description": "What was wrong, and what to do."},
        "reference": {"type": "string", "description": "By which the log names this call."},
        "errors": {
            "type": "array",
            "description": "Each field or parameter that is missing, wrong or unknown; only with status 422.",
            "items": {
                "type": "object",
                "required": ["where", "what"],
                "properties": {
                    "where": {
                        "type": "string",
                        "description": "The field or parameter, like body.name or query.limit.",
                    },
                    "what": {"type": "string", "description": "What is wrong with it."},
                },
            },
        },
    },
    "examples": [
        {
            "type": "about:blank",
            "title": "Not found",
            "status": 404,
            "detail": "There is no such signal in your organization.",
            "reference": "4f1c2a9be07d4d5c",
        }
    ],
}

_ALWAYS = {
    "401": "No bearer key, or one that is not known, expired or revoked.",
    "403": "The key's role does not allow it.",
    "422": "Something is missing, wrong or unknown, such as a parameter or field that is not taken.",
    "503": "A part that this needs does not answer; `Retry-After` says when to try again.",
    "default": "Any other refusal.",
}
_NOT_THERE = {"404": "There is no such thing in your organization."}
_FASTAPI_S_OWN = ("HTTPValidationError", "ValidationError")


def describe(app: FastAPI) -> None:
    """Complete the application's OpenAPI document, which is made when it is first asked for."""
    plain = app.openapi

    def complete() -> dict[str, Any]:
        document = plain()
        document["info"]["description"] = _WORDS
        document["security"] = [{"bearer": []}]
        components = document.setdefault("components", {})
        components["securitySchemes"] = {"bearer": _BEARER}
        schemas = components.setdefault("schemas", {})
        for name in _FASTAPI_S_OWN:
            schemas.pop(name, None)
        schemas["Problem"] = _PROBLEM
        for path, operations in document.get("paths", {}).items():
            for operation in operations.values():
                _complete(path, operation)
        return document

    app.openapi = complete  # type: ignore[method-assign] # FastAPI's documented way to extend the document


def _complete(path: str, operation: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            parameter.setdefault("description", "The id, as the list has it.")
    responses = operation["responses"]
    descriptions: Mapping[str, str] = {**_ALWAYS, **(_NOT_THERE if "{" in path else {})}
    # FastAPI's word on 422 gives way; a status that a route describes by itself keeps its words.
    responses.pop("422", None)
    for status, words in descriptions.items():
        answer = responses.setdefault(status, {"description": words})
        answer.setdefault(
            "content", {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        )
