"""A webhook receiver that writes down everything it is sent, checks each signature, and sometimes fails."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

if TYPE_CHECKING:
    import random

SECRET = "whsec_dG9ydHVyZS1yZWNlaXZlci1zZWNyZXQtb2YtMzJieXRlcw=="


@dataclass(frozen=True)
class Message:
    """One request: for whom, by which id, whether its signature holds, and what it was answered."""

    recipient: str
    message_id: str
    verified: bool
    answered: int
    body: dict[str, Any]

    @property
    def signal_id(self) -> str:
        return str(self.body["data"]["signal_id"])

    @property
    def conversation_ids(self) -> list[str]:
        return list(self.body["data"]["conversation_ids"])


class Receiver:
    """Listens on loopback; `url(name)` is one recipient. Threads of the server share the list of messages.

    Args:
        rng: decides which requests are answered 503 although they were taken, by `failing` (a share).
    """

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._guard = threading.Lock()
        self._messages: list[Message] = []
        self.failing = 0.0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.take(self.path.rpartition("/")[2], content, dict(self.headers.items()))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_: object) -> None:
                """A sender that dies in the middle of a request is what this receiver is for."""

        self._server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def url(self, recipient: str) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/{recipient}"

    def take(self, recipient: str, content: bytes, headers: dict[str, str]) -> int:
        """Write a request down; return the status to answer."""
        lowered = {name.lower(): value for name, value in headers.items()}
        try:
            Webhook(SECRET).verify(content, lowered)
            verified = True
        except (WebhookVerificationError, ValueError):
            verified = False
        with self._guard:
            answer = 503 if self._rng.random() < self.failing else 200
            self._messages.append(
                Message(recipient, lowered.get("webhook-id", ""), verified, answer, json.loads(content))
            )
        return answer

    def messages(self) -> list[Message]:
        """Return all that came so far, oldest first."""
        with self._guard:
            return list(self._messages)

    def told(self) -> dict[tuple[str, str], list[Message]]:
        """Return messages by recipient and conversation."""
        found: dict[tuple[str, str], list[Message]] = defaultdict(list)
        for message in self.messages():
            for id_ in message.conversation_ids:
                found[message.recipient, id_].append(message)
        return found

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
