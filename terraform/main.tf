# Provider configuration, and what every other file shares: names and tags.
#
# The state's backend is not declared here, so that `terraform init`, `validate` and `test` work without Azure.
# `anomalyctl` puts environments/backend_override.tf beside these files in its working copy; by hand:
#   cp environments/backend_override.tf . && terraform init -backend-config=storage_account_name=… (see that file)
#   terraform workspace select -or-create prod
terraform {
  required_version = ">= 1.11"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 5.2"
    }
  }
}

provider "azurerm" {
  subscription_id = var.subscription_id

  # Entra signs in to blobs: the storage accounts have no shared keys.
  storage_use_azuread             = true
  resource_provider_registrations = "none"
  resource_providers_to_register  = local.resource_providers

  features {
    application_insights {
      # The generated rule and its action group would carry no tags and stay behind in the resource group.
      disable_generated_rule = true
    }

    cognitive_account {
      # A soft-deleted account holds no data of ours, but blocks its name for 48 hours.
      purge_soft_delete_on_destroy = true
    }

    key_vault {
      # Purge protection forbids purging anyway; a vault that was destroyed comes back with its secrets.
      purge_soft_delete_on_destroy    = false
      recover_soft_deleted_key_vaults = true
      recover_soft_deleted_secrets    = true
    }

    log_analytics_workspace {
      permanently_delete_on_destroy = false
    }

    resource_group {
      prevent_deletion_if_contains_resources = true
    }

    storage {
      # Queues and static sites are not probed over the data plane, which private endpoints close.
      data_plane_available = false
    }
  }
}

# Who deploys, and where: the tenant of the vault, the subscription in the names' suffix.
data "azurerm_client_config" "current" {}

locals {
  # Where any are registered at all, those that a choice needs are too.
  resource_providers = length(var.resource_providers_to_register) == 0 ? [] : distinct(concat(
    var.resource_providers_to_register,
    var.service_bus_enabled ? ["Microsoft.ServiceBus"] : [],
    var.front_door_enabled ? ["Microsoft.Cdn"] : [],
    var.chaos_targets_enabled ? ["Microsoft.Chaos"] : [],
    var.required_tags_policy_enabled ? ["Microsoft.PolicyInsights"] : [],
  ))

  # Cloud Adoption Framework: <abbreviation>-<project>-<environment>.
  name = "${var.project_name}-${var.environment}"

  # For names that may hold neither hyphens nor more than 24 characters.
  compact = substr(replace(var.project_name, "-", ""), 0, 10)

  # Stable and the same for everybody who deploys this environment to this subscription; only where a name must be
  # unique in the world.
  suffix = substr(sha256("${data.azurerm_client_config.current.subscription_id}/${local.name}"), 0, 4)

  names = {
    # Unique in the world.
    container_registry = "cr${local.compact}${var.environment}${local.suffix}"
    cosmos_db          = coalesce(var.cosmosdb_account_name, "cosno-${local.name}-${local.suffix}")
    dashboard          = "app-${local.name}-${local.suffix}"
    front_door         = "fde-${local.name}-${local.suffix}"
    functions          = "func-${local.name}-${local.suffix}"
    key_vault          = "kv-${local.compact}-${var.environment}-${local.suffix}"
    managed_redis      = "amr-${local.name}-${local.suffix}"
    openai             = "oai-${local.name}-${local.suffix}"
    redis_cache        = "redis-${local.name}-${local.suffix}"
    service_bus        = "sbns-${local.name}-${local.suffix}"
    storage            = "st${local.compact}${var.environment}${local.suffix}"

    # Unique within the resource group.
    container_app             = "ca-${local.name}"
    container_app_environment = "cae-${local.name}"
    container_app_job         = "caj-${local.name}"
  }

  tags = merge(var.additional_tags, {
    environment = var.environment
    owner       = var.owner
    cost_center = var.cost_center
    project     = var.project_name
    managed_by  = "terraform"
  })
}
