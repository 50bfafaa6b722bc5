"""What the desk's server can be told."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Language(StrEnum):
    """A language of the pages."""

    ZH = "zh"
    EN = "en"


class DeskOptions(BaseModel):
    """Options of ``qingzhang review serve``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", min_length=1, description="address to listen on; default: this machine only")
    port: int = Field(8750, ge=0, le=65535, description="port to listen on; 0 takes any free one")
    language: Language = Field(Language.ZH, description="language of the pages until a visitor switches")
    public_url: str | None = Field(
        None, description="https://… under which a proxy serves the desk: cookies are then sent over TLS alone"
    )
    hosts: tuple[str, ...] = Field(
        (), description="further host names the desk answers to; IP addresses and localhost it always does"
    )
    user_header: str | None = Field(
        None, pattern=r"^[A-Za-z][A-Za-z0-9-]*$", description="header with which a trusted proxy names the user"
    )
    trusted_proxies: tuple[str, ...] = Field(
        ("127.0.0.1", "::1"), description="addresses of the proxies whose user header and X-Forwarded-For are believed"
    )
    max_body_bytes: int = Field(262_144, ge=1024, le=16_777_216, description="bytes of a request's body at most")

    @field_validator("public_url")
    @classmethod
    def _is_origin(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
            raise ValueError("give scheme and host alone, such as https://desk.example")
        return f"{parts.scheme}://{parts.netloc}".lower()

    @field_validator("trusted_proxies")
    @classmethod
    def _are_addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(ip_address(address)) for address in value)

    @property
    def over_tls(self) -> bool:
        """Whether visitors come by TLS: cookies are Secure then."""
        return self.public_url is not None and self.public_url.startswith("https://")
