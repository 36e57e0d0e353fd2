"""What schemathesis, who knows only the document's schemas, has to be told besides."""

import schemathesis
from schemathesis.openapi.checks import RejectedPositiveData, UnsupportedMethodResponse

# Faults of a request that no schema can name. The document says each in words.
BEYOND_SCHEMAS = {
    "bad_cursor",  # one that no page before gave
    "bad_timestamp",  # the 30th of February
    "conflicting_parameters",
    "idempotency_key_required",  # with prices, and not with a quote
    "malformed_jws",  # three parts that are no quote
    "not_an_integer",  # 2.0, which JSON Schema takes for one
    "quote_not_valid",
    "repeated_sku",
    "too_large",  # metadata of more than 512 bytes
    "unknown_currency",
}
# What the order's state, or an earlier request, says no to.
STATE = {"version_mismatch", "idempotency_key_reused"}


@schemathesis.hook
def map_case(context, case):
    """Makes most of what is valid by the schemas valid by the words, too; else most of it would come no further than a 400."""
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
    """Whether it is a failure after all."""
    if isinstance(failure, RejectedPositiveData):
        problem = response.json()
        codes = {fault["code"] for fault in problem.get("errors", [])} or {problem["code"]}
        return not codes <= BEYOND_SCHEMAS | STATE
    if isinstance(failure, UnsupportedMethodResponse):
        # API Gateway knows routes, not resources: it has no 405.
        return (response.status_code, response.json()) != (404, {"message": "Not Found"})
    return True
