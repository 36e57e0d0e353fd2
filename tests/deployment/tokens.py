"""A stack that asks for tokens: who may do what, in steps whose names say it."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace

from api import Answer, Api
from expectations import eventually, expect
from issuer import KEY_ID, Issuer
from journey import order_of
from stack import Stack

# One route for each scope, and what it answers to a token that has it, for an order that is not there.
ROUTES = {
    "orders:read": lambda api: api.get("/orders/nobodys"),
    "orders:write": lambda api: api.post("/orders/nobodys/cancellation", {"reason": "none"}, "a"),
    "payments:write": lambda api: api.post("/orders/nobodys/payments", {"paymentId": "pay-1", "amount": 1}, "b"),
    "fulfillment:write": lambda api: api.post("/orders/nobodys/shipments/ship-1/delivery", None, "c"),
}


class Tokens:
    """One run over a stack that was freshly deployed to trust the issuer."""

    def __init__(self, stack: Stack, issuer: Issuer) -> None:
        self._stack = stack
        self._issuer = issuer
        self._order = ""  # Alice's.

    def steps(self) -> list[Callable[[], None]]:
        return [
            self.a_customer_places_an_order_of_their_own_and_no_others,
            self.a_token_that_is_missing_expired_forged_unsigned_or_anothers_is_refused,
            self.a_route_of_each_scope_asks_for_it,
            self.a_customer_sees_their_own_order,
            self.anothers_order_looks_like_one_that_was_never_placed,
            self.an_administrator_sees_every_order,
            self.the_audit_trail_names_the_tokens_subject,
        ]

    def a_customer_places_an_order_of_their_own_and_no_others(self) -> None:
        alice = self._caller("alice", "orders:write")
        placed = alice.post("/orders", order_of("alice"), "alice-1")
        expect(placed.status, 201)
        self._order = placed.body["orderId"]
        expect(alice.post("/orders", order_of("bob"), "alice-2").status, 403)

    def a_token_that_is_missing_expired_forged_unsigned_or_anothers_is_refused(self) -> None:
        token = self._issuer.token("alice", "orders:read")
        refused = [
            None,
            self._issuer.token("alice", "orders:read", exp=1),
            self._issuer.token("alice", "orders:read", aud="another-application"),
            self._issuer.token("alice", "orders:read", iss="https://elsewhere.example"),
            token[:-4] + ("AAAA" if not token.endswith("AAAA") else "BBBB"),
            _unsigned(token),
        ]
        path = f"/orders/{self._order}"
        expect([self._stack.api(bearer=bearer).get(path).status for bearer in refused], [401] * len(refused))
        expect(self._stack.api(bearer=token).get(path).status, 200)

    def a_route_of_each_scope_asks_for_it(self) -> None:
        for scope, call in ROUTES.items():
            others = [other for other in ROUTES if other != scope]
            expect((scope, call(self._caller("carol", *others)).status), (scope, 403))
            for granted in (scope, "orders:admin"):
                expect((scope, granted, call(self._caller("carol", granted)).status), (scope, granted, 404))

    def a_customer_sees_their_own_order(self) -> None:
        alice = self._caller("alice", "orders:read")
        expect(alice.get(f"/orders/{self._order}").body["customerId"], "alice")
        eventually("alice's order in her list", lambda: alice.get("/customers/alice/orders").body["items"],
                   lambda rows: [row["orderId"] for row in rows] == [self._order])

    def anothers_order_looks_like_one_that_was_never_placed(self) -> None:
        bob = self._caller("bob", "orders:read", "payments:write")
        payment = {"paymentId": "pay-9", "amount": 1}
        for call in (lambda order: bob.get(f"/orders/{order}"), lambda order: bob.get(f"/orders/{order}/events"),
                     lambda order: bob.post(f"/orders/{order}/payments", payment, "bob-pays")):
            alices, nobodys = call(self._order), call("nobodys")
            expect((alices.status, _without_request(alices)), (404, _without_request(nobodys)))
        expect(bob.get("/customers/alice/orders").status, 403)

    def an_administrator_sees_every_order(self) -> None:
        admin = self._caller("operator", "orders:admin")
        expect(admin.get(f"/orders/{self._order}").status, 200)
        expect(len(admin.get("/customers/alice/orders").body["items"]), 1)

    def the_audit_trail_names_the_tokens_subject(self) -> None:
        path = f"/orders/{self._order}"
        admin = self._caller("operator", "orders:admin")
        expect(admin.post(f"{path}/payments", {"paymentId": "pay-1", "amount": 2997}, "paid").status, 201)
        trail = self._caller("alice", "orders:read").get(f"{path}/events").body["items"]
        expect([event["actor"] for event in trail], ["jwt:alice", "jwt:operator"])

    def _caller(self, subject: str, *scopes: str) -> Api:
        return self._stack.api(bearer=self._issuer.token(subject, *scopes))


def _unsigned(token: str) -> str:
    """The same claims in a token that says of itself that it needs no signature."""
    head = json.dumps({"alg": "none", "typ": "JWT", "kid": KEY_ID}).encode()
    return f"{base64.urlsafe_b64encode(head).decode().rstrip('=')}.{token.split('.')[1]}."


def _without_request(answer: Answer) -> Answer:
    """The answer without what is every request's own."""
    headers = {name: value for name, value in answer.headers.items() if name not in ("apigw-requestid", "date")}
    return replace(answer, headers=headers, body={**answer.body, "requestId": ""})
