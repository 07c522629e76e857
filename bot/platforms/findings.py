"""What `helpdesk check` found out."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    name: str
    text: str
    """What is right; or what is wrong, with the way out."""
    ok: bool = True
    remark: bool = False
    """Nothing is wrong, but somebody should know."""
