"""What pages and the API may list, how lists are filtered and sorted, and the ports behind them.

Lists only read. They are separate from `ports`, which the use cases depend on, because no decision may depend
on how things are shown.
"""

from services.detector.lists.conversations import (
    SEARCHED,
    WAITING_AMONG,
    WRITTEN_AMONG,
    ConversationFilter,
    Conversations,
    ConversationState,
    FoundConversations,
)
from services.detector.lists.filters import (
    ANY,
    CustomerSort,
    Narrowing,
    PersonSort,
    RequestSort,
    RequestStateFilter,
    SignalFilter,
    SignalSort,
    SignalStateFilter,
    TopicSort,
)
from services.detector.lists.lists import Lists, Topics
from services.detector.lists.rows import (
    Counted,
    CustomerRow,
    PersonRow,
    Portion,
    RequestRow,
    SignalChoices,
    TopicRow,
)

__all__ = [
    "ANY",
    "SEARCHED",
    "WAITING_AMONG",
    "WRITTEN_AMONG",
    "ConversationFilter",
    "ConversationState",
    "Conversations",
    "Counted",
    "CustomerRow",
    "CustomerSort",
    "FoundConversations",
    "Lists",
    "Narrowing",
    "PersonRow",
    "PersonSort",
    "Portion",
    "RequestRow",
    "RequestSort",
    "RequestStateFilter",
    "SignalChoices",
    "SignalFilter",
    "SignalSort",
    "SignalStateFilter",
    "TopicRow",
    "TopicSort",
    "Topics",
]
