"""The access matrix: the replies of the deployed gateway and functions to each caller on each route.

Its rows are in `tests/access_matrix.json`, which the system tests read too. A cell is a status and a problem's code. The
gateway's own replies have no code.
"""

import json
from pathlib import Path
from typing import Any

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

# The replies to the callers of the file, by the words of the file.
REPLIES: dict[str, Cell] = {
    "R200": (200, None),
    "R201": (201, None),
    "S403": (403, None),  # The gateway: none of the route's scopes.
    "F403": (403, "forbidden"),  # The request names another customer.
    "M403": (403, "mixed_scopes"),
    "R404": (404, "order_not_found"),  # The order of another customer.
}
G401: Cell = (401, None)  # The gateway: no valid token.

FILE: dict[str, Any] = json.loads((Path(__file__).parents[1] / "access_matrix.json").read_text())
# The rows about a member of a body are for the system tests.
ROWS: dict[str, dict[str, Any]] = {row["route"]: row for row in FILE["rows"] if "member" not in row}


def _cells(row: dict[str, Any]) -> tuple[Cell, ...]:
    of_file = dict(zip(FILE["callers"], (REPLIES[word] for word in row["replies"].split()), strict=True))
    others = {"wrong audience": G401, "anonymous": G401, "signed": of_file["admin"]}
    return tuple((of_file | others)[caller] for caller in CALLERS)


# In the order in which an order accepts the commands.
MATRIX: dict[str, tuple[Cell, ...]] = {route: _cells(row) for route, row in ROWS.items()}
# The number of steps that an order has gone through before a route is called, and a body that its state allows.
CALLS: dict[str, tuple[int, dict[str, Any] | None]] = {
    route: (row.get("steps", 0), row.get("body")) for route, row in ROWS.items()
}
