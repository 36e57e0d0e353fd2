"""The access matrix: the replies of the deployed gateway and functions to each caller on each route.

A cell is a status and a problem's code. The gateway's own replies have no code.
"""

Cell = tuple[int, str | None]

OF_CUSTOMERS = ("orders:read", "orders:place", "orders:cancel")
OF_SERVICES = ("orders:read-all", "orders:place-priced", "payments:write", "fulfillment:write")
ADMIN = "orders:admin"

# The subject and the scopes of each caller with a token. All of them call for an order of the customer.
TOKENS: dict[str, tuple[str, tuple[str, ...]]] = {
    "customer": ("alice", OF_CUSTOMERS),
    "other customer": ("bob", OF_CUSTOMERS),
    "shop": ("shop", ("orders:place-priced", "orders:read-all")),
    "payment provider": ("psp", ("payments:write",)),
    "warehouse": ("warehouse", ("fulfillment:write",)),
    "support": ("support", ("orders:read-all",)),
    "admin": ("operator", (ADMIN,)),
    "mixed token": ("alice", OF_CUSTOMERS + OF_SERVICES),
    # A token for another application of the same issuer.
    "wrong audience": ("operator", (ADMIN,)),
}
# The last two: unauthenticated on the API for tokens, and signed on the service API.
CALLERS = (*TOKENS, "anonymous", "signed")

R200: Cell = (200, None)
R201: Cell = (201, None)
G401: Cell = (401, None)  # The gateway: no valid token.
G403: Cell = (403, None)  # The gateway: none of the route's scopes.
F403: Cell = (403, "forbidden")  # The request names another customer.
M403: Cell = (403, "mixed_scopes")
R404: Cell = (404, "order_not_found")  # The order of another customer.

#             customer other shop  psp   wareh supp. admin mixed aud.  anon. signed
PLACE =       (R201, F403, R201, G403, G403, G403, R201, M403, G401, G401, R201)
PAY =         (G403, G403, G403, R201, G403, G403, R201, M403, G401, G401, R201)
FULFIL =      (G403, G403, G403, G403, R201, G403, R201, M403, G401, G401, R201)
CANCEL =      (R201, R404, R201, G403, G403, G403, R201, M403, G401, G401, R201)
READ_OWN =    (R200, F403, R200, G403, G403, R200, R200, M403, G401, G401, R200)
READ_ORDER =  (R200, R404, R200, G403, G403, R200, R200, M403, G401, G401, R200)
READ_ALL =    (G403, G403, R200, G403, G403, R200, R200, M403, G401, G401, R200)
READ_PUBLIC = (R200, R200, R200, G403, G403, R200, R200, M403, G401, G401, R200)

# In the order in which an order accepts the commands.
MATRIX: dict[str, tuple[Cell, ...]] = {
    "POST /orders": PLACE,
    "POST /orders/{orderId}/payments": PAY,
    "POST /orders/{orderId}/payments/{paymentId}/corrections": PAY,
    "POST /orders/{orderId}/refunds": PAY,
    "POST /orders/{orderId}/shipments": FULFIL,
    "POST /orders/{orderId}/shipments/{shipmentId}/delivery": FULFIL,
    "POST /orders/{orderId}/returns": FULFIL,
    "POST /orders/{orderId}/item-cancellations": CANCEL,
    "POST /orders/{orderId}/cancellation": CANCEL,
    "GET /customers/{customerId}/orders": READ_OWN,
    "GET /customers/{customerId}/totals": READ_OWN,
    "GET /orders": READ_ALL,
    "GET /orders/{orderId}": READ_ORDER,
    "GET /orders/{orderId}/events": READ_ORDER,
    "GET /openapi.json": READ_PUBLIC,
}
