"""Every change a workspace can undergo, by name.

`apply` is how a recorded or requested change is made: it checks the arguments against the function's own
signature first, so that a change from a form, the control API or the journal is either made whole or refused.
"""

from __future__ import annotations

import functools
import inspect
from types import MappingProxyType, NoneType
from typing import TYPE_CHECKING, Any, get_args

from deploy.simulator.errors import MutationRefusedError
from deploy.simulator.model import Mutation, Priority, Role
from deploy.simulator.mutations import conversations, people

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from deploy.simulator.model import Workspace
    from deploy.simulator.mutations.history import Events

__all__ = ["MUTATIONS", "apply", "parameters"]


def _changes_of(module: Any) -> dict[str, Callable[..., Events]]:
    return {
        name: function
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }


MUTATIONS: Mapping[str, Callable[..., Events]] = MappingProxyType(
    _changes_of(conversations) | _changes_of(people)
)

_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "bool": (bool,),
    "None": (NoneType,),
    "Scalar": (str, int, float, bool, NoneType),
    "Priority": (str,),
    "Role": (str,),
    "dict[str, Any]": (dict,),
    "tuple[str, ...]": (tuple, list),
}
_WORDS: dict[str, frozenset[str]] = {
    "Priority": frozenset(get_args(Priority)),
    "Role": frozenset(get_args(Role)),
}


def parameters(name: str) -> dict[str, inspect.Parameter]:
    """The keyword arguments of a mutation. MutationRefusedError when there is none of that name."""
    function = MUTATIONS.get(name)
    if function is None:
        raise MutationRefusedError(f"There is no mutation {name!r}. Known: {', '.join(sorted(MUTATIONS))}.")
    return _keywords(function)


@functools.cache
def _keywords(function: Callable[..., Events]) -> dict[str, inspect.Parameter]:
    """Looked up once: a start tells every recorded change again, and this was half of its time."""
    found = inspect.signature(function).parameters
    return {key: found[key] for key in found if found[key].kind is inspect.Parameter.KEYWORD_ONLY}


def apply(workspace: Workspace, mutation: Mutation, now: int) -> Events:
    """Make the change and return the webhook events it causes.

    Raises:
        MutationRefusedError: unknown name, wrong or missing argument, unknown id. Nothing was changed.
    """
    wanted = parameters(mutation.name)
    arguments: dict[str, Any] = {}
    for key, value in mutation.arguments.items():
        if key not in wanted:
            raise MutationRefusedError(
                f"{mutation.name} takes no argument {key!r}. It takes: {', '.join(wanted)}."
            )
        arguments[key] = _checked(mutation.name, key, value, str(wanted[key].annotation))
    missing = [
        key for key in wanted if key not in arguments and wanted[key].default is inspect.Parameter.empty
    ]
    if missing:
        raise MutationRefusedError(f"{mutation.name} needs {', '.join(missing)}.")
    return MUTATIONS[mutation.name](workspace, now, **arguments)


def _checked(name: str, key: str, value: Any, annotation: str) -> Any:
    names = annotation.split(" | ")
    allowed = tuple(kind for each in names for kind in _TYPES[each])
    # A bool is an int to Python, not to whoever wrote the argument.
    if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
        raise MutationRefusedError(f"{name}: {key} must be {annotation}, not {type(value).__name__}.")
    for each in names:
        if each in _WORDS and value not in _WORDS[each]:
            raise MutationRefusedError(f"{name}: {key} must be one of {', '.join(sorted(_WORDS[each]))}.")
    return tuple(value) if isinstance(value, list) else value
