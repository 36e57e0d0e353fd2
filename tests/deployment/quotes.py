"""The shop's pricing service, which signs the prices for a customer's order."""

import base64
import json
import time
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class PricingService:
    """Signs quotes with one Ed25519 key, which has a name (`kid`)."""

    def __init__(self, key_id: str, audience: str) -> None:
        """`audience` is the value of the parameter QuoteAudience."""
        self.key_id = key_id
        self._audience = audience
        self._key = Ed25519PrivateKey.generate()

    def public_keys(self) -> str:
        """The value of the parameter QuoteKeys: a JWK Set with the public key."""
        x = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        key = {"kty": "OKP", "crv": "Ed25519", "kid": self.key_id, "x": _encoded(x), "alg": "EdDSA", "use": "sig"}
        return json.dumps({"keys": [key]}, separators=(",", ":"))

    def quote(self, order: dict[str, Any], quote_id: str) -> str:
        """A quote for a `POST /orders` body with prices, valid for ten minutes, as a JWS in compact form."""
        claims = order | {"aud": self._audience, "exp": int(time.time()) + 600, "jti": quote_id}
        head = {"alg": "EdDSA", "kid": self.key_id}
        signed = f"{_encoded(json.dumps(head).encode())}.{_encoded(json.dumps(claims).encode())}"
        return f"{signed}.{_encoded(self._key.sign(signed.encode()))}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
