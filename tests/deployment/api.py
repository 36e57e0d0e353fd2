"""A client of the deployed API: requests to API Gateway, signed or with a token."""

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

REQUEST_WITHIN_S = 40  # Longer than the gateway's 30 seconds.


@dataclass(frozen=True)
class Answer:
    """A reply; `headers` have lower-case names."""

    status: int
    headers: dict[str, str]
    body: Any


class Api:
    """The API for one caller: signed with `credentials`, with the token `bearer`, or unauthenticated."""

    def __init__(self, url: str, region: str, credentials: Credentials | None, bearer: str | None) -> None:
        """`url` is the stack's output. Its host does not resolve, so requests go to loopback with that host name."""
        self._host = urlsplit(url).netloc
        self._port = urlsplit(url).port
        self._region = region
        self._credentials = credentials
        self._bearer = bearer

    def get(self, path: str, **query: str | int) -> Answer:
        return self._send("GET", path + (f"?{urlencode(query)}" if query else ""), None, {})

    def post(self, path: str, body: dict[str, Any] | None, key: str | None, **headers: str) -> Answer:
        """Sends a command; `key` is its Idempotency-Key, if it has one."""
        sent = None if body is None else json.dumps(body)
        own = {} if key is None else {"Idempotency-Key": key}
        return self._send("POST", path, sent, own | {"Content-Type": "application/json"} | headers)

    def _send(self, method: str, target: str, body: str | None, headers: dict[str, str]) -> Answer:
        request = AWSRequest(method, f"http://{self._host}{target}", headers={"Host": self._host} | headers, data=body)
        if self._credentials is not None:
            SigV4Auth(self._credentials, "execute-api", self._region).add_auth(request)
        if self._bearer is not None:
            request.headers["Authorization"] = f"Bearer {self._bearer}"
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=REQUEST_WITHIN_S)
        try:
            connection.request(method, target, body, dict(request.headers.items()))
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        named = {name.lower(): value for name, value in response.getheaders()}
        is_json = "json" in named.get("content-type", "") and text
        return Answer(response.status, named, json.loads(text) if is_json else text)
