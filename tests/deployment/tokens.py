"""A stack that requires tokens, with a second API for signed requests: the access rules, as steps whose names are assertions.

The issuer imitates two real ones: its subjects have a prefix, as with Auth0, and its scopes have one, as with Cognito.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from api import Answer, Api
from emulator import ACCOUNT
from expectations import eventually, expect
from issuer import AUDIENCE, KEY_ID, Issuer
from journey import order_of
from matrix import CALLERS, CALLS, MATRIX, OF_CUSTOMERS, TOKENS
from quotes import PricingService
from stack import NAME, Stack

SCOPE_PREFIX = "order-ledger/"
CUSTOMER_PREFIX = "auth0|"
QUOTE_KEY = "prices-1"

# The life of an order: its routes, step by step.
LIFE = [
    "POST /orders/{orderId}/payments",
    "POST /orders/{orderId}/shipments",
    "POST /orders/{orderId}/shipments/{shipmentId}/delivery",
]
PAY, SHIP, _ = (CALLS[route][1] for route in LIFE)


def parameters(issuer: Issuer, pricing: PricingService) -> dict[str, str]:
    """The parameters with which the stack is deployed."""
    return {
        "AuthMode": "jwt", "JwtIssuer": issuer.url, "JwtAudience": AUDIENCE, "ServiceApi": "iam",
        "CustomerClaimPrefix": CUSTOMER_PREFIX, "ScopePrefix": SCOPE_PREFIX, "QuoteKeys": pricing.public_keys(),
        "QuoteAudience": NAME,
    }


def pricing_service() -> PricingService:
    return PricingService(QUOTE_KEY, NAME)


class Tokens:
    """One run on a newly deployed stack that trusts the issuer and the pricing service."""

    def __init__(self, stack: Stack, issuer: Issuer, pricing: PricingService) -> None:
        self._stack = stack
        self._issuer = issuer
        self._pricing = pricing
        self._service = stack.api(stack.user("service", "*", api="ServiceApiUrl"), api="ServiceApiUrl")
        self._order = ""  # The order of Alice, placed from a quote.
        self._keys = 0

    def steps(self) -> list[Callable[[], None]]:
        return [
            self.a_customer_places_an_order_at_the_prices_of_a_quote,
            self.the_same_quote_again_is_answered_with_the_order_that_it_made,
            self.a_customer_who_sets_prices_is_refused,
            self.a_quote_that_the_shop_did_not_sign_is_refused,
            self.a_token_that_is_missing_expired_forged_unsigned_or_anothers_is_refused,
            self.a_scope_without_its_prefix_does_not_count,
            self.a_customers_token_must_name_the_customer,
            self.a_services_token_needs_no_customer_and_no_subject,
            self.every_caller_gets_the_reply_of_the_matrix_on_every_route,
            self.each_api_takes_its_own_kind_of_credentials_alone,
            self.a_policy_narrows_a_signed_caller_to_its_routes,
            self.a_customer_sees_their_own_order,
            self.anothers_order_looks_like_one_that_was_never_placed,
            self.the_audit_trail_names_who_acted_and_who_set_the_price,
            self.parameters_without_tokens_refuse_a_service_api,
        ]

    def a_customer_places_an_order_at_the_prices_of_a_quote(self) -> None:
        placed = self._customer("alice").post("/orders", self._quoted("alice", "quote-1"), None)
        expect((placed.status, placed.body.get("version")), (201, 1))
        expect(placed.body["events"][0]["data"]["total"], 2997)
        self._order = placed.body["orderId"]

    def the_same_quote_again_is_answered_with_the_order_that_it_made(self) -> None:
        again = self._customer("alice").post("/orders", self._quoted("alice", "quote-1"), None)
        expect((again.status, again.body["orderId"], again.headers.get("idempotent-replayed")),
               (201, self._order, "true"))

    def a_customer_who_sets_prices_is_refused(self) -> None:
        free = order_of("alice") | {"items": [{"sku": "TEA-500", "quantity": 3, "unitPrice": 0}]}
        expect(_cell(self._customer("alice").post("/orders", free, self._key())), (403, "prices_not_trusted"))

    def a_quote_that_the_shop_did_not_sign_is_refused(self) -> None:
        forged = {"quote": pricing_service().quote(order_of("alice"), "quote-2")}  # Signed by another key with the same name.
        refused = self._customer("alice").post("/orders", forged, None)
        expect((_cell(refused), refused.body.get("reason")), ((422, "quote_not_valid"), "signature"))

    def a_token_that_is_missing_expired_forged_unsigned_or_anothers_is_refused(self) -> None:
        token = self._token("auth0|alice", "orders:read")
        refused = [
            None,
            self._token("auth0|alice", "orders:read", exp=1),
            self._token("auth0|alice", "orders:read", aud="another-application"),
            self._token("auth0|alice", "orders:read", iss="https://elsewhere.example"),
            token[:-4] + ("AAAA" if not token.endswith("AAAA") else "BBBB"),
            _unsigned(token),
        ]
        path = f"/orders/{self._order}"
        answers = [_cell(self._stack.api(bearer=bearer).get(path, consistent="true")) for bearer in refused]
        expect(answers, [(401, None)] * len(refused))
        expect(self._stack.api(bearer=token).get(path, consistent="true").status, 200)

    def a_scope_without_its_prefix_does_not_count(self) -> None:
        for scope in ("orders:admin", "elsewhere/orders:admin"):
            bearer = self._issuer.token("operator", scope)
            expect(_cell(self._stack.api(bearer=bearer).get(f"/orders/{self._order}")), (403, None))

    def a_customers_token_must_name_the_customer(self) -> None:
        for subject in ("alice", "google-oauth2|alice"):
            answer = self._stack.api(bearer=self._token(subject, "orders:read")).get(f"/orders/{self._order}")
            expect((subject, _cell(answer)), (subject, (401, "unauthenticated")))

    def a_services_token_needs_no_customer_and_no_subject(self) -> None:
        placed = self._service.post("/orders", order_of("carol"), self._key())
        bearer = self._token("", "payments:write", sub=None, client_id="payment-provider")
        path = f"/orders/{placed.body['orderId']}"
        paid = self._stack.api(bearer=bearer).post(f"{path}/payments", PAY, self._key())
        expect(paid.status, 201)
        trail = self._service.get(f"{path}/events").body["items"]
        expect(trail[-1]["actor"], "jwt:payment-provider")

    def every_caller_gets_the_reply_of_the_matrix_on_every_route(self) -> None:
        for column, caller in enumerate(CALLERS):
            api = self._caller(caller)
            # Each caller has a new order, because a command of one caller could prevent the command of the next.
            orders = [self._order_after(steps) for steps in range(len(LIFE) + 1)]
            for route, cells in MATRIX.items():
                expect((caller, route, self._called(api, caller, route, orders)), (caller, route, cells[column]))

    def each_api_takes_its_own_kind_of_credentials_alone(self) -> None:
        admin = self._token("operator", "orders:admin")
        path = f"/orders/{self._order}"
        # API Gateway answers 403 to a token on a route that requires a signature. ministack passes the request on without an
        # identity, and the function rejects it.
        expect(_cell(self._stack.api(bearer=admin, api="ServiceApiUrl").get(path)), (401, "unauthenticated"))
        expect(_cell(self._stack.api(api="ServiceApiUrl").get(path)), (403, None))
        signed = self._stack.user("signed-for-tokens", "*", api="ApiUrl")
        expect(_cell(self._stack.api(signed).get(path)), (401, None))

    def a_policy_narrows_a_signed_caller_to_its_routes(self) -> None:
        credentials = self._stack.user("parcels", "POST/orders/*/shipments", api="ServiceApiUrl")
        parcels = self._stack.api(credentials, api="ServiceApiUrl")
        order = self._order_after(1)
        expect(_cell(parcels.post(f"/orders/{order}/payments", PAY, self._key())), (403, None))
        expect(parcels.post(f"/orders/{order}/shipments", SHIP, self._key()).status, 201)
        expect(self._service.get(f"/orders/{order}/events").body["items"][-1]["actor"],
               f"iam:arn:aws:iam::{ACCOUNT}:user/parcels")

    def a_customer_sees_their_own_order(self) -> None:
        alice = self._customer("alice")
        expect(alice.get(f"/orders/{self._order}").body["customerId"], "alice")
        eventually("alice's order in her list", lambda: alice.get("/customers/alice/orders", limit=100).body["items"],
                   lambda rows: self._order in [row["orderId"] for row in rows])

    def anothers_order_looks_like_one_that_was_never_placed(self) -> None:
        bob = self._customer("bob")
        for call in (lambda order: bob.get(f"/orders/{order}"), lambda order: bob.get(f"/orders/{order}/events"),
                     lambda order: bob.post(f"/orders/{order}/cancellation", {"reason": "mine"}, "bob-cancels")):
            alices, nobodys = call(self._order), call("nobodys")
            expect((alices.status, _without_request(alices)), (404, _without_request(nobodys)))

    def the_audit_trail_names_who_acted_and_who_set_the_price(self) -> None:
        path = f"/orders/{self._order}"
        provider = self._caller("payment provider")
        expect(provider.post(f"{path}/payments", {"paymentId": "pay-1", "amount": 2997}, self._key()).status, 201)
        trail = self._caller("admin").get(f"{path}/events").body["items"]
        expect([event["actor"] for event in trail], ["jwt:auth0|alice", "jwt:psp"])
        expect(trail[0]["data"]["quote"], {"quoteId": "quote-1", "kid": QUOTE_KEY})
        # A customer does not see the actor of a service.
        own = self._customer("alice").get(f"{path}/events").body["items"]
        expect([event["actor"] for event in own], ["jwt:auth0|alice", "staff"])

    def parameters_without_tokens_refuse_a_service_api(self) -> None:
        refusal = self._stack.refusal_of(AuthMode="iam", ServiceApi="iam")
        expect("ServiceApi=iam needs AuthMode=jwt" in refusal, True)

    def _called(self, api: Api, caller: str, route: str, orders: list[str]) -> tuple[int, str | None]:
        """Calls a route on an order whose state allows it, and returns status and code."""
        method, template = route.split(" ")
        steps, body = CALLS[route]
        path = _path(template, orders[steps])
        if method == "GET":
            # Reads the events, because the order's row may not be written yet.
            return _cell(api.get(path, **({"consistent": "true"} if path == f"/orders/{orders[steps]}" else {})))
        if route == "POST /orders":
            is_customer = caller in ("customer", "other customer")
            body = self._quoted("alice", self._key()) if is_customer else order_of("alice")
        return _cell(api.post(path, body, self._key()))

    def _order_after(self, steps: int) -> str:
        """Places a new order of Alice, and runs this number of steps of its life."""
        placed = self._service.post("/orders", order_of("alice"), self._key())
        expect(placed.status, 201)
        order = placed.body["orderId"]
        for route in LIFE[:steps]:
            path = _path(route.removeprefix("POST "), order)
            expect(self._service.post(path, CALLS[route][1], self._key()).status, 201)
        return order

    def _caller(self, name: str) -> Api:
        """The API for a caller of the matrix."""
        if name == "signed":
            return self._service
        if name == "anonymous":
            return self._stack.api()
        subject, scopes = TOKENS[name]
        is_customer = set(scopes) & set(OF_CUSTOMERS)
        claims = {"aud": "another-application"} if name == "wrong audience" else {}
        prefix = CUSTOMER_PREFIX if is_customer else ""
        return self._stack.api(bearer=self._token(f"{prefix}{subject}", *scopes, **claims))

    def _customer(self, name: str) -> Api:
        return self._stack.api(bearer=self._token(f"{CUSTOMER_PREFIX}{name}", *OF_CUSTOMERS))

    def _token(self, subject: str, *scopes: str, **claims: Any) -> str:
        return self._issuer.token(subject, "openid", *(f"{SCOPE_PREFIX}{scope}" for scope in scopes), **claims)

    def _quoted(self, customer: str, quote_id: str) -> dict[str, str]:
        return {"quote": self._pricing.quote(order_of(customer), quote_id)}

    def _key(self) -> str:
        """A new Idempotency-Key, or a new id for a quote."""
        self._keys += 1
        return f"key-{self._keys}"


def _path(template: str, order: str) -> str:
    """The path of a route for an order of Alice."""
    ids = {"{orderId}": order, "{customerId}": "alice", "{paymentId}": "pay-1", "{shipmentId}": "ship-1"}
    for parameter, value in ids.items():
        template = template.replace(parameter, value)
    return template


def _cell(answer: Answer) -> tuple[int, str | None]:
    """The status and the code; the gateway's own replies have no code."""
    return (answer.status, answer.body.get("code") if isinstance(answer.body, dict) else None)


def _unsigned(token: str) -> str:
    """The same claims in a token whose header declares that it has no signature."""
    head = json.dumps({"alg": "none", "typ": "JWT", "kid": KEY_ID}).encode()
    return f"{base64.urlsafe_b64encode(head).decode().rstrip('=')}.{token.split('.')[1]}."


def _without_request(answer: Answer) -> Answer:
    """The answer without the parts that differ with every request."""
    own = ("apigw-requestid", "date", "x-correlation-id")
    headers = {name: value for name, value in answer.headers.items() if name not in own}
    return replace(answer, headers=headers, body={**answer.body, "requestId": ""})
