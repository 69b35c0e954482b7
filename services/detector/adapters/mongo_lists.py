"""The lists of pages and API in MongoDB's protocol: always by an index, always a bounded portion."""

from __future__ import annotations

from services.detector.adapters.company_lists import CompanyLists
from services.detector.adapters.conversation_lists import ConversationLists
from services.detector.adapters.customer_lists import CustomerLists
from services.detector.adapters.people_lists import PeopleLists
from services.detector.adapters.request_lists import RequestLists
from services.detector.adapters.signal_lists import SignalLists


class MongoLists(SignalLists, CustomerLists, CompanyLists, PeopleLists, ConversationLists, RequestLists):
    """Implements `lists.Lists`; each subject's part is in a file of its own."""
