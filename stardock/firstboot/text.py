"""Text inside of a Terraform template."""

from __future__ import annotations

from collections.abc import Iterable


def template(text: str, variables: Iterable[str]) -> str:
    """Escape what Terraform would interpolate, all but the references to these variables."""
    escaped = text.replace("${", "$${").replace("%{", "%%{")
    for name in variables:
        escaped = escaped.replace(f"${reference(name)}", reference(name))
    return escaped


def reference(variable: str) -> str:
    """Refer to a Terraform variable."""
    return f"${{var.{variable}}}"
