"""Metric math, as far as the template uses it. A missing value stays missing, except under FILL."""

import operator
import re

TOKENS = re.compile(r"\s*(?:(\d+(?:\.\d+)?)|(\w+)|(>=|<=|==|!=|[-+*/()<>,]))")
# The quota of concurrent executions that an account begins with.
QUOTA = 1000
LEVELS = [{"OR": None}, {"AND": None},
          {">=": operator.ge, "<=": operator.le, "==": operator.eq, "!=": operator.ne, ">": operator.gt, "<": operator.lt},
          {"+": operator.add, "-": operator.sub}, {"*": operator.mul, "/": operator.truediv}]


def value(expression, metrics):
    """The value of an expression at one time; None if it is missing. `metrics` has a value or None for each id."""
    tokens = [next(part for part in match if part) for match in TOKENS.findall(expression)]
    if "".join(tokens) != re.sub(r"\s", "", expression):
        raise ValueError(f"not understood: {expression}")
    result = _binary(tokens, metrics, 0)
    if tokens:
        raise ValueError(f"not understood: {expression}")
    return result


def _binary(tokens, metrics, level):
    if level == len(LEVELS):
        return _atom(tokens, metrics)
    left = _binary(tokens, metrics, level + 1)
    while tokens and tokens[0] in LEVELS[level]:
        name = tokens.pop(0)
        right = _binary(tokens, metrics, level + 1)
        left = _applied(name, LEVELS[level][name], left, right)
    return left


def _applied(name, function, left, right):
    if left is None or right is None:
        return None
    if name in ("AND", "OR"):
        return float((left and right) if name == "AND" else (left or right)) and 1.0
    if name == "/" and right == 0:
        return None  # CloudWatch has no data point where a division has no result.
    return float(function(left, right))


def _atom(tokens, metrics):
    token = tokens.pop(0)
    if token == "(":
        inner = _binary(tokens, metrics, 0)
        _take(tokens, ")")
        return inner
    if token[0].isdigit():
        return float(token)
    if tokens and tokens[0] == "(":
        return _call(token, tokens, metrics)
    return metrics[token]


def _call(name, tokens, metrics):
    _take(tokens, "(")
    arguments = [_binary(tokens, metrics, 0)]
    while tokens[0] == ",":
        tokens.pop(0)
        arguments.append(_binary(tokens, metrics, 0))
    _take(tokens, ")")
    if name == "FILL":
        return arguments[1] if arguments[0] is None else arguments[0]
    if name == "IF":
        condition, then, otherwise = arguments
        return None if condition is None else then if condition else otherwise
    if name == "SERVICE_QUOTA":
        return float(QUOTA)
    raise ValueError(f"{name} is not known here")


def _take(tokens, expected):
    if tokens.pop(0) != expected:
        raise ValueError(f"{expected} is missing")
