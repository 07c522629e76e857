"""What `helpdesk check` found out about a platform."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    name: str
    text: str
    """What is right; or what is wrong, with the way out."""
    ok: bool = True
