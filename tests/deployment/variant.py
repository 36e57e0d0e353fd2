"""Removes the resources that ministack does not support from a template, by rule, and reports them.

The rules match resource types and properties, never a resource's name: template.yaml is written for AWS, and does not
depend on them. All other resources are deployed unchanged, and if ministack rejects one, the deployment fails.
"""

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

# The name of a variant, in the same folder as its template, so that relative paths remain valid.
FILE = "ministack.yaml"

# Types that ministack does not provision, and the behaviour that the deployment therefore does not test.
TYPES = {
    "AWS::CloudWatch::Dashboard": "it draws alarms that are left out",
    "AWS::Events::Archive": "the bus has no archive, so nothing is replayed from one",
    "AWS::EventSchemas::Registry": "there is no schema registry",
    "AWS::EventSchemas::Schema": "there is no schema registry",
    "AWS::Logs::Delivery": "what EventBridge reports of the bus is delivered to no log group",
    "AWS::Logs::DeliveryDestination": "what EventBridge reports of the bus is delivered to no log group",
    "AWS::Logs::DeliverySource": "what EventBridge reports of the bus is delivered to no log group",
    "AWS::Logs::QueryDefinition": "saved queries are for people; the log groups are there",
}

# Resources of a type that ministack provisions, but not with this property.
TYPES_WITH = {
    ("AWS::CloudWatch::Alarm", "Metrics"): "alarms on an expression are not known; those on one metric are made",
}

# Properties to remove from resources that stay.
PROPERTIES = {
    ("AWS::Serverless::Function", "DeploymentPreference"): (
        "SAM makes CodeDeploy resources of it, which ministack does not know; traffic goes to the new version at once"
    ),
}

# `${Name}` or `${Name.Attribute}`, but not the literal `${!Name}`.
IN_SUB = re.compile(r"\$\{([^!.}][^.}]*)")


@dataclass(frozen=True)
class Omission:
    """A removed part of the template: its kind, its logical id, and the reason."""

    what: str
    name: str
    why: str


class DanglingReference(Exception):
    """A resource that stays depends on a removed one, and no rule covers this case."""


def write(source: Path) -> tuple[Path, list[Omission]]:
    """Writes the variants of a template and of its nested stacks. An empty nested stack is also removed."""
    template = yaml.safe_load(source.read_text())
    omissions: list[Omission] = []
    emptied: dict[str, str] = {}
    for name, resource in template["Resources"].items():
        if resource["Type"] != "AWS::CloudFormation::Stack":
            continue
        part, of_part = write(source.parent / resource["Properties"]["TemplateURL"])
        omissions += of_part
        resource["Properties"]["TemplateURL"] = str(part.relative_to(source.parent))
        if not yaml.safe_load(part.read_text())["Resources"]:
            emptied[name] = "nothing of its part is left"
    variant, of_template = derive(template, emptied)
    written = source.with_name(FILE)
    written.write_text(yaml.safe_dump(variant, sort_keys=False))
    return written, omissions + of_template


def derive(template: dict[str, Any], emptied: Mapping[str, str] = {}) -> tuple[dict[str, Any], list[Omission]]:
    """Returns a copy without the parts that the rules remove or that are `emptied`, and the list of removed parts."""
    resources = template["Resources"]
    gone = {name: why for name, resource in resources.items() if (why := _why_left_out(resource)) is not None}
    gone |= emptied
    kept = {name: resource for name, resource in resources.items() if name not in gone}
    omissions = [Omission(resources[name]["Type"], name, why) for name, why in gone.items()]

    for name, resource in kept.items():
        kept[name], dropped = _without_properties(name, resource)
        omissions += dropped
        kept[name] = _without_dependencies(kept[name], gone.keys())
        dangling = sorted(references(kept[name]) & gone.keys())
        if dangling:
            raise DanglingReference(f"{name} refers to {', '.join(dangling)}, which the rules leave out")

    globals_ = {}
    for section, properties in template.get("Globals", {}).items():
        standing_for_all = {"Type": f"AWS::Serverless::{section}", "Properties": properties}
        without, dropped = _without_properties(f"Globals.{section}", standing_for_all)
        globals_[section] = without["Properties"]
        omissions += dropped

    outputs = {}
    for name, output in template.get("Outputs", {}).items():
        if references(output) & gone.keys():
            omissions.append(Omission("outputs", name, "what they name is left out"))
        else:
            outputs[name] = output
    variant = {"Globals": globals_, "Resources": kept, "Outputs": outputs}
    return template | {section: entries for section, entries in variant.items() if section in template}, omissions


def _why_left_out(resource: dict[str, Any]) -> str | None:
    kind = resource["Type"]
    found = [why for (of, key), why in TYPES_WITH.items() if of == kind and key in resource.get("Properties", {})]
    return TYPES.get(kind, found[0] if found else None)


def _without_properties(name: str, resource: dict[str, Any]) -> tuple[dict[str, Any], list[Omission]]:
    properties = dict(resource.get("Properties", {}))
    omissions = []
    for (kind, key), why in PROPERTIES.items():
        if resource["Type"] == kind and properties.pop(key, None) is not None:
            omissions.append(Omission(f"{kind}'s {key}", name, why))
    return ({**resource, "Properties": properties} if omissions else resource), omissions


def _without_dependencies(resource: dict[str, Any], gone: Set[str]) -> dict[str, Any]:
    """The resource without dependencies on removed resources."""
    if "DependsOn" not in resource:
        return resource
    listed = resource["DependsOn"]
    listed = [listed] if isinstance(listed, str) else listed
    left = [other for other in listed if other not in gone]
    without = {key: value for key, value in resource.items() if key != "DependsOn"}
    return {**without, "DependsOn": left} if left else without


def references(node: Any) -> set[str]:
    """The names in `Ref`, `Fn::GetAtt` and `Fn::Sub` anywhere below: resources, parameters and pseudo parameters."""
    if isinstance(node, list):
        return set().union(*map(references, node))
    if not isinstance(node, dict):
        return set()
    found = set().union(*map(references, node.values()))
    match node:
        case {"Ref": str(name)}:
            found.add(name)
        case {"Fn::GetAtt": [str(name), *_]}:
            found.add(name)
        case {"Fn::GetAtt": str(dotted)}:
            found.add(dotted.split(".")[0])
        case {"Fn::Sub": str(text)} | {"Fn::Sub": [str(text), *_]}:
            found.update(IN_SUB.findall(text))
    return found
