"""One session: a token that opens it once, the cookie that keeps it, a token in every form, and when it ends."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field

SECRET_BYTES = 32
CLOSED_AFTER_SECONDS = 300.0


def _secret() -> str:
    return secrets.token_urlsafe(SECRET_BYTES)


@dataclass
class Session:
    """The secrets of one run, and when the clerk last did something; `now` is passed in, in seconds."""

    port: int
    started: float
    idle_seconds: float
    token: str | None = field(default_factory=_secret, repr=False)
    cookie: str = field(default_factory=_secret, repr=False)
    form_token: str = field(default_factory=_secret, repr=False)
    acted: float = 0.0
    seen: float = 0.0

    def __post_init__(self) -> None:
        """Nothing was done before the start."""
        self.acted = self.seen = self.started

    @property
    def host(self) -> str:
        """The only Host that is answered."""
        return f"127.0.0.1:{self.port}"

    @property
    def cookie_name(self) -> str:
        """A name of its own for each port: cookies do not tell ports apart."""
        return f"linkage-desk-{self.port}"

    def redeem(self, token: str) -> bool:
        """Whether this is the token; it is void from then on."""
        if self.token is None or not _same(self.token, token):
            return False
        self.token = None
        return True

    def knows(self, cookie: str) -> bool:
        """Whether a request comes from the browser that redeemed the token."""
        return self.token is None and _same(self.cookie, cookie)

    def made(self, form_token: str) -> bool:
        """Whether a form is one of our own pages'."""
        return _same(self.form_token, form_token)

    def over(self, now: float, *, busy: bool) -> bool:
        """Whether to stop: nothing done for too long, or the page is gone. Work that goes on is never cut off."""
        if busy:
            self.acted = max(self.acted, now)
        gone = self.token is None and now - self.seen > CLOSED_AFTER_SECONDS
        return not busy and (gone or now - self.acted > self.idle_seconds)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode("utf-8", "surrogatepass"))
