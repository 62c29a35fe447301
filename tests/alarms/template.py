"""The alarms of template.yaml, with its loops expanded and its names in the place of references."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


class _Loader(yaml.SafeLoader):
    pass


def _short_tag(loader, suffix, node):
    """`!Ref X` is `{"Ref": "X"}`, and `!Sub X` is `{"Fn::Sub": "X"}`."""
    value = (loader.construct_scalar(node) if isinstance(node, yaml.ScalarNode)
             else loader.construct_sequence(node, deep=True) if isinstance(node, yaml.SequenceNode)
             else loader.construct_mapping(node, deep=True))
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_tag)


def load(text=None):
    """The template with expanded loops."""
    template = yaml.load(text or (ROOT / "template.yaml").read_text(), _Loader)
    return _expanded(template)


def _expanded(value):
    if isinstance(value, list):
        return [_expanded(member) for member in value]
    if not isinstance(value, dict):
        return value
    result = {}
    for key, member in value.items():
        if not key.startswith("Fn::ForEach::"):
            result[key] = _expanded(member)
            continue
        variable, words, body = member
        for word in words:
            result.update(_expanded(_with(body, variable, word)))
    return result


def _with(value, variable, word):
    """The value with a loop's word in the place of its variable."""
    if isinstance(value, list):
        return [_with(member, variable, word) for member in value]
    if isinstance(value, dict):
        if value == {"Ref": variable}:
            return word
        return {key.replace(f"${{{variable}}}", word): _with(member, variable, word) for key, member in value.items()}
    return value.replace(f"${{{variable}}}", word) if isinstance(value, str) else value


def alarms(template, kind="Alarm"):
    """The alarms by logical name."""
    resources = template["Resources"].items()
    return {name: block["Properties"] for name, block in resources if block["Type"] == f"AWS::CloudWatch::{kind}"}


def children(composite):
    """The alarms that a composite alarm names."""
    return re.findall(r"ALARM\(\"\$\{(\w+)\.Arn\}\"\)", str(composite["AlarmRule"]))
