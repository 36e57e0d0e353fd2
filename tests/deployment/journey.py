"""The tests of the deployed stack, as steps whose names are the assertions.

The steps run in the written order on one stack, and depend on each other. Alice's order is the tour of the README and its
continuation. Many clients change Bob's order at the same time.
"""

import json
from collections.abc import Callable
from typing import Any

from botocore.credentials import Credentials

from api import Answer
from emulator import ACCOUNT
from expectations import at_once, eventually, expect
from stack import Stack

TEA = {"sku": "TEA-500", "name": "Assam tea", "quantity": 3, "unitPrice": 999}
SHIPMENT = {"shipmentId": "ship-1", "items": [{"sku": "TEA-500", "quantity": 2}], "carrier": "DHL"}
CLIENTS_AT_ONCE = 8
COMMITS = {"alice": 4, "bob": 1 + CLIENTS_AT_ONCE}


def order_of(customer: str) -> dict[str, Any]:
    return {"customerId": customer, "currency": "EUR", "items": [TEA]}


class Journey:
    """One run on a newly deployed stack."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._credentials = stack.user("shop", "*")
        self._shop = stack.api(self._credentials)
        self._orders: dict[str, str] = {}  # By customer.
        self._received: list[dict[str, Any]] = []
        self._subscription = stack.subscribe(stack.outputs["FanOutTopicArn"])

    def steps(self) -> list[Callable[[], None]]:
        return [
            self.the_gateway_rejects_callers_without_permission,
            self.an_order_is_placed,
            self.the_same_key_again_is_answered_from_the_event_store,
            self.a_payment_and_its_correction_are_recorded,
            self.an_order_that_is_paid_ships,
            self.an_order_can_be_read_as_it_was,
            self.the_audit_trail_names_each_caller,
            self.one_key_sent_many_times_at_once_places_one_order,
            self.payments_sent_at_once_are_recorded_one_after_another,
            self.each_row_equals_the_fold_of_its_events,
            self.each_customers_totals_sum_the_payments,
            self.every_commit_is_one_item_of_the_event_table,
            self.every_event_reaches_a_queue_through_the_bus,
            self.nothing_is_parked_failed_or_undelivered,
            self.no_function_logged_a_warning_or_an_error,
            self.parameters_without_authentication_are_rejected,
        ]

    def the_gateway_rejects_callers_without_permission(self) -> None:
        anonymous = self._stack.api()
        forger = self._stack.api(Credentials(self._credentials.access_key, "not-the-secret-key"))
        reader = self._stack.api(self._stack.user("reader", "GET/*"))
        for caller in (anonymous, forger, reader):
            expect(caller.post("/orders", order_of("alice"), "refused").status, 403)
        expect(anonymous.get("/customers/alice/orders").status, 403)
        expect(reader.get("/customers/alice/orders").body, {"items": []})

    def an_order_is_placed(self) -> None:
        placed = self._shop.post("/orders", order_of("alice"), "tour")
        expect_accepted(placed, 1)
        expect(placed.body["events"][0]["data"]["total"], 2997)
        self._orders["alice"] = placed.body["orderId"]
        expect(placed.headers["location"], self._path("alice"))

    def the_same_key_again_is_answered_from_the_event_store(self) -> None:
        again = self._shop.post("/orders", order_of("alice"), "tour")
        expect_accepted(again, 1)
        expect((again.body["orderId"], again.headers.get("idempotent-replayed")), (self._orders["alice"], "true"))
        other = self._shop.post("/orders", order_of("carol"), "tour")
        expect((other.status, other.body["code"]), (422, "idempotency_key_reused"))

    def a_payment_and_its_correction_are_recorded(self) -> None:
        path = self._path("alice")
        expect_accepted(self._shop.post(f"{path}/payments", {"paymentId": "pay-1", "amount": 2000}, "tour-1"), 2)
        early = self._shop.post(f"{path}/shipments", SHIPMENT, "tour-2")
        expect((early.status, early.body["code"], early.body["netPaid"]), (409, "not_paid", 2000))
        correction = {"correctionId": "cor-1", "amount": 2997, "reason": "bank statement"}
        expect_accepted(self._shop.post(f"{path}/payments/pay-1/corrections", correction, "tour-3"), 3)

    def an_order_that_is_paid_ships(self) -> None:
        path = f"{self._path('alice')}/shipments"
        stale = self._shop.post(path, SHIPMENT, "tour-4", **{"If-Match": '"2"'})
        expect((stale.status, stale.body["currentVersion"]), (412, 3))
        expect_accepted(self._shop.post(path, SHIPMENT, "tour-5"), 4)

    def an_order_can_be_read_as_it_was(self) -> None:
        before = self._shop.get(self._path("alice"), version=2).body
        expect((before["status"], before["amountPaid"]), ("partially_paid", 2000))
        own = self._shop.get(self._path("alice"), minVersion=4).body
        expect((own["status"], own["amountPaid"], own["items"][0]["shipped"]), ("partially_shipped", 2997, 2))

    def the_audit_trail_names_each_caller(self) -> None:
        trail = self._trail("alice")
        expect([(event["version"], event["eventType"], event["requestId"]) for event in trail], [
            (1, "OrderPlaced", "tour"), (2, "PaymentReceived", "tour-1"),
            (3, "PaymentCorrected", "tour-3"), (4, "ItemShipped", "tour-5"),
        ])
        expect({event["actor"] for event in trail}, {f"iam:arn:aws:iam::{ACCOUNT}:user/shop"})

    def one_key_sent_many_times_at_once_places_one_order(self) -> None:
        answers = at_once(CLIENTS_AT_ONCE, lambda _: self._shop.post("/orders", order_of("bob"), "bob"))
        expect([answer.status for answer in answers], [201] * CLIENTS_AT_ONCE)
        # Requests that decide in the same millisecond write the same commit, so more than one can report to have recorded it.
        expect(sum("idempotent-replayed" not in answer.headers for answer in answers) >= 1, True)
        [self._orders["bob"]] = {answer.body["orderId"] for answer in answers}

    def payments_sent_at_once_are_recorded_one_after_another(self) -> None:
        def pay(nth: int) -> Answer:
            payment = {"paymentId": f"pay-{nth}", "amount": 100}
            return self._shop.post(f"{self._path('bob')}/payments", payment, f"bob-{nth}")

        # The handler retries a command if another one was recorded first. Here a command loses at most seven races, which
        # the limit allows.
        answers = at_once(CLIENTS_AT_ONCE, pay)
        expect([answer.status for answer in answers], [201] * CLIENTS_AT_ONCE)
        expect(sorted(answer.body["version"] for answer in answers), list(range(2, 2 + CLIENTS_AT_ONCE)))

    def each_row_equals_the_fold_of_its_events(self) -> None:
        for customer, order in self._orders.items():
            fold = self._shop.get(f"/orders/{order}", version=COMMITS[customer]).body
            del fold["asOf"]
            eventually(f"the summary of {customer}'s order",
                       lambda path=f"/customers/{customer}/orders": self._shop.get(path).body["items"],
                       lambda rows, fold=fold: rows == [fold])
        shipped = self._shop.get("/customers/alice/orders", status="partially_shipped").body["items"]
        expect([row["orderId"] for row in shipped], [self._orders["alice"]])

    def each_customers_totals_sum_the_payments(self) -> None:
        for customer, gross in {"alice": 2997, "bob": 100 * CLIENTS_AT_ONCE}.items():
            eventually(f"{customer}'s totals",
                       lambda path=f"/customers/{customer}/totals": self._shop.get(path).body["totals"],
                       lambda totals, gross=gross: [total["gross"] for total in totals] == [gross])

    def every_commit_is_one_item_of_the_event_table(self) -> None:
        items = self._stack.items("OrderEvents")
        kept = sorted((item["aggregateId"]["S"], int(item["version"]["N"])) for item in items)
        expect(kept, sorted((self._orders[customer], version) for customer, commits in COMMITS.items()
                            for version in range(1, commits + 1)))

    def every_event_reaches_a_queue_through_the_bus(self) -> None:
        recorded = sorted((event["eventId"], event["eventType"], order)
                          for customer, order in self._orders.items() for event in self._trail(customer))

        def received() -> list[tuple[str, str, str]]:
            self._received += [json.loads(body) for body in self._stack.take(self._subscription)]
            return sorted({(event["id"], event["type"], event["subject"]) for event in self._received})

        eventually("every event", received, lambda events: events == recorded)

    def nothing_is_parked_failed_or_undelivered(self) -> None:
        expect(self._stack.items("ParkedOrders"), [])
        expect(self._stack.objects(self._stack.outputs["FailedBatchesBucket"]), [])
        expect(self._stack.take(self._stack.outputs["UndeliveredEventsQueue"]), [])

    def no_function_logged_a_warning_or_an_error(self) -> None:
        logged = self._stack.logged()
        expect(sorted(name for name, entries in logged.items() if entries),
               ["CommandHandlerFunction", "ProjectorFunction", "PublisherFunction", "QueryHandlerFunction"])
        written = [entry for entries in logged.values() for entry in entries]
        expect([entry for entry in written if entry.get("level") in ("WARN", "ERROR")], [])

    def parameters_without_authentication_are_rejected(self) -> None:
        unauthenticated = self._stack.refusal_of(AuthMode="none", Stage="prod")
        expect_refused("With AuthMode=none, every caller may do everything", unauthenticated)
        without_audience = self._stack.refusal_of(AuthMode="jwt", JwtIssuer="https://issuer.example")
        expect_refused("AuthMode=jwt needs JwtAudience", without_audience)

    def _path(self, customer: str) -> str:
        return f"/orders/{self._orders[customer]}"

    def _trail(self, customer: str) -> list[dict[str, Any]]:
        return self._shop.get(f"{self._path(customer)}/events", limit=100).body["items"]


def expect_accepted(answer: Answer, version: int) -> None:
    expect((answer.status, answer.body.get("version"), answer.headers.get("etag")), (201, version, f'"{version}"'))


def expect_refused(why: str, refusal: str) -> None:
    expect((why, why in refusal), (why, True))
