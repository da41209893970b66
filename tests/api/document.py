"""Checks the document of the API against the meta-schema of OpenAPI 3.1, and its examples against their types."""

import sys

import jsonschema_rs
import requests
from openapi_spec_validator import OpenAPIV31SpecValidator

document = requests.get(sys.argv[1], timeout=10).json()
OpenAPIV31SpecValidator(document).validate()

examples = 0


def walk(place):
    """Every place that has a type and examples beside it."""
    global examples
    if isinstance(place, list):
        for item in place:
            walk(item)
    if not isinstance(place, dict):
        return
    if isinstance(place.get("schema"), dict):
        told = [place["example"]] if "example" in place else []
        told += [example["value"] for example in place.get("examples", {}).values()]
        for example in told:
            schema = {**place["schema"], "components": document["components"]}
            jsonschema_rs.validator_for(schema).validate(example)
            examples += 1
    for inner in place.values():
        walk(inner)


walk(document)
assert examples > 30, examples
print(f"The document is OpenAPI {document['openapi']}: {len(document['paths'])} paths, {examples} examples of their types.")
