"""Hooks with the rules that schemathesis cannot read from the schemas of the document."""

import schemathesis
from schemathesis.openapi.checks import RejectedPositiveData, UnsupportedMethodResponse

# Errors that no schema can describe. The document describes each in words.
BEYOND_SCHEMAS = {
    "bad_cursor",  # a cursor that no page returned
    "bad_timestamp",  # the 30th of February
    "conflicting_parameters",
    "idempotency_key_required",  # required with prices, but not with a quote
    "malformed_jws",  # three parts that are not a quote
    "not_an_integer",  # 2.0, which JSON Schema accepts as an integer
    "quote_not_valid",
    "repeated_sku",
    "too_large",  # metadata of more than 512 bytes
    "unknown_currency",
}
# Errors that depend on the order's state or on an earlier request.
STATE = {"version_mismatch", "idempotency_key_reused"}


@schemathesis.hook
def map_case(context, case):
    """Makes most requests that match the schemas valid. Otherwise most of them would only test the 400."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return case
    query, body = case.query or {}, case.body
    query.pop("cursor", None)
    for other in [name for name in ("asOf", "version", "minVersion", "consistent") if name in query][1:]:
        del query[other]
    if isinstance(body, dict) and "items" in body:
        body["items"] = list({item["sku"]: item for item in body["items"]}.values())
    return case


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Returns True if the failure is a real one."""
    if isinstance(failure, RejectedPositiveData):
        problem = response.json()
        codes = {fault["code"] for fault in problem.get("errors", [])} or {problem["code"]}
        return not codes <= BEYOND_SCHEMAS | STATE
    if isinstance(failure, UnsupportedMethodResponse):
        # API Gateway matches routes, not resources, and never returns 405.
        return (response.status_code, response.json()) != (404, {"message": "Not Found"})
    return True
