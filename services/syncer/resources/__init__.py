"""One file adds a resource: every module here with a `RESOURCE` is found, in the order that it declares."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.syncer.resources.reading import Resource


@cache
def all_resources() -> tuple[Resource, ...]:
    """Return every resource there is, in reading order."""
    modules = (
        importlib.import_module(f"{__name__}.{module_info.name}")
        for module_info in pkgutil.iter_modules(__path__)
    )
    resources = [module.RESOURCE for module in modules if hasattr(module, "RESOURCE")]
    return tuple(sorted(resources, key=lambda resource: resource.order))
