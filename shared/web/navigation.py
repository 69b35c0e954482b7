"""The map of the pages: which sections there are, and which one an address belongs to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One place to go. An address belongs to the entry whose path is its longest prefix."""

    title: str
    path: str
    also: tuple[str, ...] = ()

    def holds(self, path: str) -> int:
        """Return how many characters of `path` this entry accounts for; 0 when it does not."""
        return max(
            (len(p) for p in (self.path, *self.also) if path == p or path.startswith(f"{p}/")), default=0
        )


@dataclass(frozen=True, slots=True)
class Section:
    """An entry of the side bar. `primary` ones stay visible in the bar at the foot of a narrow screen."""

    entry: Entry
    icon: str
    children: tuple[Entry, ...] = ()
    primary: bool = False


SECTIONS: tuple[Section, ...] = (
    Section(Entry("Insights", "/insights"), "insights", primary=True),
    Section(Entry("Customers", "/customers"), "customers", primary=True),
    Section(Entry("Requests", "/requests"), "requests", primary=True),
    Section(Entry("People", "/people"), "people"),
    Section(
        Entry("Conversations", "/conversations", also=("/topics",)),
        "conversations",
        children=(Entry("Conversations", "/conversations"), Entry("Topics", "/topics")),
    ),
    Section(Entry("Inbox", "/inbox"), "inbox", primary=True),
    Section(
        Entry("Settings", "/settings"),
        "settings",
        children=(
            Entry("Integrations", "/settings/organization/integrations"),
            Entry("Customers", "/settings/organization/customers"),
            Entry("Detection", "/settings/organization/detection"),
            Entry("Notifications", "/settings/organization/notifications"),
            Entry("API keys", "/settings/organization/keys"),
            Entry("My notifications", "/settings/me"),
        ),
    ),
    Section(
        Entry("Operations", "/operations"),
        "operations",
        children=(
            Entry("Sync", "/operations/sync"),
            Entry("Deliveries", "/operations/deliveries"),
            Entry("Dead letters", "/operations/dead-letters"),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Link:
    title: str
    href: str
    icon: str
    current: bool
    primary: bool


@dataclass(frozen=True, slots=True)
class Navigation:
    """The side bar and the tabs of one page."""

    sections: tuple[Link, ...]
    tabs: tuple[Link, ...]
    section_title: str | None
    page_title: str | None
    """What the entry is called whose page this is: the tab where there are tabs, else the section."""

    @property
    def behind_more(self) -> bool:
        """Tell whether the present section is one that a narrow screen keeps behind "More"."""
        return any(link.current and not link.primary for link in self.sections)


def navigation_for(path: str) -> Navigation:
    """Return the navigation with the section, and its tab, that `path` belongs to marked as current."""
    where = "/insights" if path == "/" else path
    nearest = max(SECTIONS, key=lambda section: section.entry.holds(where))
    current = nearest if nearest.entry.holds(where) else None
    tab = max(current.children, key=lambda entry: entry.holds(where), default=None) if current else None
    return Navigation(
        sections=tuple(
            Link(
                title=section.entry.title,
                href=section.children[0].path if section.children else section.entry.path,
                icon=section.icon,
                current=section is current,
                primary=section.primary,
            )
            for section in SECTIONS
        ),
        tabs=tuple(
            Link(
                title=entry.title,
                href=entry.path,
                icon="",
                current=entry is tab and entry.holds(where) > 0,
                primary=True,
            )
            for entry in (current.children if current else ())
        ),
        section_title=current.entry.title if current else None,
        page_title=(tab if tab and tab.holds(where) else current.entry).title if current else None,
    )
