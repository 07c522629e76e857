"""Troubles made on purpose: for the next calls of a method, before or after they took effect."""

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["fail", "html", "hang", "drop", "slow"]

_SAYS = {
    400: "Bad Request: message text is empty",
    401: "Unauthorized",
    403: "Forbidden: bot was blocked by the user",
    404: "Not Found",
    409: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    429: "Too Many Requests: retry after {retry_after}",
    500: "Internal Server Error",
    502: "Bad Gateway",
}
HTML = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center><h1>502 Bad Gateway</h1></center></body>\r\n</html>"


@dataclass
class Fault:
    kind: Kind
    method: str
    left: int | None
    after: bool = False
    chat: int | None = None
    code: int = 500
    description: str = ""
    parameters: dict[str, Any] | None = None
    seconds: float = 0.0
    met: int = 0
    """How many calls it met."""

    def meets(self, method: str, chat: Any) -> bool:
        return self.left != 0 and self.method in ("*", method) and self.chat in (None, chat)


class Faults:
    """`method` is one of the API's, or `*`; `times` None means until `clear()`; `after`: the call took effect, its answer is lost."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def fail(
        self,
        method: str,
        times: int | None = 1,
        code: int = 500,
        description: str = "",
        *,
        after: bool = False,
        chat: int | None = None,
        **parameters: Any,
    ) -> Fault:
        """Answer with an error; `retry_after=…` or `migrate_to_chat_id=…` go into its parameters."""
        if code == 429:
            parameters = {"retry_after": 1} | parameters
        words = description or _SAYS.get(code, f"Error {code}").format(**parameters)
        return self._add(Fault("fail", method, times, after, chat, code, words, parameters or None))

    def html(self, method: str, times: int | None = 1, code: int = 502, *, after: bool = False, chat: int | None = None) -> Fault:
        """Answer as a proxy does: with a page."""
        return self._add(Fault("html", method, times, after, chat, code))

    def hang(self, method: str, times: int | None = 1, *, after: bool = False, chat: int | None = None) -> Fault:
        """Never answer."""
        return self._add(Fault("hang", method, times, after, chat))

    def drop(self, method: str, times: int | None = 1, *, after: bool = False, chat: int | None = None) -> Fault:
        """Break the connection."""
        return self._add(Fault("drop", method, times, after, chat))

    def slow(self, method: str, seconds: float, times: int | None = 1, *, after: bool = False, chat: int | None = None) -> Fault:
        """Take so long, before the effect or between it and the answer."""
        return self._add(Fault("slow", method, times, after, chat, seconds=seconds))

    def clear(self) -> None:
        self.waiting.clear()

    def take(self, method: str, chat: Any) -> Fault | None:
        fault = next((fault for fault in self.waiting if fault.meets(method, chat)), None)
        if fault is not None:
            fault.met += 1
            if fault.left is not None:
                fault.left -= 1
                if fault.left == 0:
                    self.waiting.remove(fault)
        return fault

    def _add(self, fault: Fault) -> Fault:
        self.waiting.append(fault)
        return fault
