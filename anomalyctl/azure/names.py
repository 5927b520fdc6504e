"""The names that Terraform will give (`local.names` in terraform/main.tf), known before a plan."""

from __future__ import annotations

import hashlib


def resource_group_name(project_name: str, environment: str) -> str:
    """The resource group of an environment."""
    return f"rg-{project_name}-{environment}"


def global_names(project_name: str, environment: str, subscription_id: str) -> dict[str, str]:
    """The names that must be unique in the world, by the key that they have in terraform/main.tf."""
    name = f"{project_name}-{environment}"
    compact = project_name.replace("-", "")[:10]
    suffix = hashlib.sha256(f"{subscription_id}/{name}".encode()).hexdigest()[:4]
    return {
        "container_registry": f"cr{compact}{environment}{suffix}",
        "cosmos_db": f"cosno-{name}-{suffix}",
        "dashboard": f"app-{name}-{suffix}",
        "functions": f"func-{name}-{suffix}",
        "key_vault": f"kv-{compact}-{environment}-{suffix}",
        "managed_redis": f"amr-{name}-{suffix}",
        "openai": f"oai-{name}-{suffix}",
        "redis_cache": f"redis-{name}-{suffix}",
        "service_bus": f"sbns-{name}-{suffix}",
        "storage": f"st{compact}{environment}{suffix}",
    }
