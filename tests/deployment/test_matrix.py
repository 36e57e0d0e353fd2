"""The access matrix compared with the template: its routes, and the scopes that the gateway requires in a token."""

import re
import unittest
from pathlib import Path

from matrix import ADMIN, CALLERS, FILE, MATRIX, OF_CUSTOMERS, OF_SERVICES, TOKENS

TEMPLATE = (Path(__file__).parents[2] / "templates/routes.yaml").read_text()
# A route: its key, and the remaining properties of the resource.
ROUTE = re.compile(r"    Type: AWS::ApiGatewayV2::Route\n    Properties:\n      ApiId: !Ref ApiId\n"
                   r"      RouteKey: (.*)\n((?:      .*\n)*)")
SCOPE = re.compile(r"!Sub \$\{ScopePrefix\}(\S+)")


def routes() -> dict[str, set[str]]:
    """The scopes of each route. Both APIs have the same routes."""
    return {key: set(SCOPE.findall(rest)) for key, rest in ROUTE.findall(TEMPLATE)}


class TheMatrix(unittest.TestCase):
    def test_has_every_route_and_every_caller(self) -> None:
        self.assertEqual(set(MATRIX), set(routes()))
        plain = [row["route"] for row in FILE["rows"] if "member" not in row]
        self.assertEqual(len(plain), len(set(plain)))

    def test_lets_a_token_pass_the_gateway_where_a_scope_fits(self) -> None:
        for route, accepted in routes().items():
            for caller, cell in zip(CALLERS, MATRIX[route]):
                if caller in ("wrong audience", "anonymous"):
                    self.assertEqual(cell, (401, None), (route, caller))
                elif caller != "signed":
                    _, scopes = TOKENS[caller]
                    self.assertEqual(cell == (403, None), not accepted & set(scopes), (route, caller))

    def test_grants_all_to_admins_and_nothing_to_mixed_tokens(self) -> None:
        for route, cells in MATRIX.items():
            row = dict(zip(CALLERS, cells))
            granted = (201 if route.startswith("POST ") else 200, None)
            self.assertEqual((row["admin"], row["signed"]), (granted, granted), route)
            self.assertEqual(row["mixed token"], (403, "mixed_scopes"), route)

    def test_has_a_caller_for_every_scope_of_the_template(self) -> None:
        scopes = set().union(*routes().values())
        self.assertEqual(scopes, {*OF_CUSTOMERS, *OF_SERVICES, ADMIN})
        unmixed = [set(scopes) for caller, (_, scopes) in TOKENS.items() if caller != "mixed token"]
        self.assertEqual(set().union(*unmixed), scopes)


if __name__ == "__main__":
    unittest.main()
