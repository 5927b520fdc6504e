# Cosmos DB: every verdict, the episodes that operators work on, and what they did. Its change feed updates the dashboard's figures.

resource "azurerm_cosmosdb_account" "this" {
  # checkov:skip=CKV_AZURE_99:Closed to the internet unless operator_access names addresses, and then open to these alone; the rule cannot read the condition, tests/security.tftest.hcl can
  # checkov:skip=CKV_AZURE_100:A key of ours is a choice (customer_managed_keys_enabled)
  name                = local.names.cosmos_db
  location            = azurerm_resource_group.this.location
  resource_group_name = azurerm_resource_group.this.name
  offer_type          = var.cosmosdb_offer_type
  tags                = local.tags

  # Entra signs in; without keys there is nothing to leak. `kind` is left at its default, GlobalDocumentDB.
  local_authentication_enabled       = var.access_keys_enabled
  access_key_metadata_writes_enabled = false
  minimal_tls_version                = "Tls12"
  automatic_failover_enabled         = var.secondary_location != null

  public_network_access_enabled         = var.operator_access == "addresses"
  ip_range_filter                       = var.operator_access == "addresses" ? var.operator_ip_addresses : null
  network_acl_bypass_for_azure_services = false

  # With a key of ours, Cosmos DB reads it by this identity.
  key_vault_key_id      = one([for key in local.encryption : key.key_id_without_version])
  default_identity_type = one([for key in local.encryption : "UserAssignedIdentity=${key.identity_id}"])

  consistency_policy {
    consistency_level       = var.cosmosdb_consistency_level
    max_interval_in_seconds = var.cosmosdb_consistency_level == "BoundedStaleness" ? 300 : null
    max_staleness_prefix    = var.cosmosdb_consistency_level == "BoundedStaleness" ? 100000 : null
  }

  geo_location {
    location          = azurerm_resource_group.this.location
    failover_priority = 0
    zone_redundant    = var.zone_redundancy_enabled
  }

  dynamic "geo_location" {
    for_each = var.secondary_location == null ? [] : [var.secondary_location]

    content {
      location          = geo_location.value
      failover_priority = 1
      zone_redundant    = var.zone_redundancy_enabled
    }
  }

  # Serverless accounts have one region for ever.
  dynamic "capabilities" {
    for_each = var.secondary_location == null ? ["EnableServerless"] : []

    content {
      name = capabilities.value
    }
  }

  # Any second of the last days can be restored, to a new account.
  backup {
    type = "Continuous"
    tier = var.cosmosdb_backup_tier
  }

  dynamic "identity" {
    for_each = local.encryption

    content {
      type         = "UserAssigned"
      identity_ids = [identity.value.identity_id]
    }
  }

  lifecycle {
    prevent_destroy = true
    # `anomalyctl restore cosmos` made the account, from another one.
    ignore_changes = [create_mode, restore]
  }

  depends_on = [azurerm_role_assignment.encryption]
}

locals {
  # Without a key the client signs in with its identity.
  cosmos_db_connection_string = join("", compact([
    "AccountEndpoint=${azurerm_cosmosdb_account.this.endpoint};",
    var.access_keys_enabled ? "AccountKey=${azurerm_cosmosdb_account.this.primary_key};" : "",
  ]))
}
