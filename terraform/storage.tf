# Storage: what the functions' host remembers (locks, timers), their code but on a dedicated plan, and recordings of readings for replay.

resource "azurerm_storage_account" "this" {
  # checkov:skip=CKV_AZURE_43:The name is computed from checked parts: at most 24 lower-case letters and digits (tests/security.tftest.hcl)
  # checkov:skip=CKV2_AZURE_33:Blob, queue and table have private endpoints (private-endpoints.tf); the rule does not follow for_each
  # checkov:skip=CKV_AZURE_33:Queue logging goes to Log Analytics by diagnostic settings; the inline block is gone from the provider's good practice and needs an open data plane
  # checkov:skip=CKV2_AZURE_1:A key of ours is a choice (customer_managed_keys_enabled); Azure's own encrypts otherwise
  # checkov:skip=CKV_AZURE_206:Zone-redundant by default; readings are in Redis and verdicts in Cosmos DB, so a second region would protect only recordings (storage_replication_type)
  name                     = local.names.storage
  location                 = azurerm_resource_group.this.location
  resource_group_name      = azurerm_resource_group.this.name
  account_kind             = "StorageV2"
  account_tier             = "Standard"
  account_replication_type = var.storage_replication_type
  tags                     = local.tags

  # Entra alone, TLS alone, our network alone.
  shared_access_key_enabled        = false
  default_to_oauth_authentication  = true
  local_user_enabled               = false
  allow_nested_items_to_be_public  = false
  cross_tenant_replication_enabled = false
  allowed_copy_scope               = "AAD"
  https_traffic_only_enabled       = true
  min_tls_version                  = "TLS1_2"
  public_network_access_enabled    = var.operator_access == "addresses"

  network_rules {
    default_action = "Deny"
    bypass         = ["AzureServices"]
    ip_rules       = var.operator_access == "addresses" ? var.operator_ip_addresses : []
  }

  # A recording that was overwritten or deleted comes back for two weeks.
  blob_properties {
    versioning_enabled = true

    delete_retention_policy {
      days = 14
    }

    container_delete_retention_policy {
      days = 14
    }
  }

  sas_policy {
    expiration_period = "00.01:00:00"
  }

  dynamic "identity" {
    for_each = local.encryption

    content {
      type         = "UserAssigned"
      identity_ids = [identity.value.identity_id]
    }
  }

  dynamic "customer_managed_key" {
    for_each = local.encryption

    content {
      key_vault_key_id          = customer_managed_key.value.key_id_without_version
      user_assigned_identity_id = customer_managed_key.value.identity_id
    }
  }

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [azurerm_role_assignment.encryption]
}

resource "azurerm_storage_container" "this" {
  # checkov:skip=CKV2_AZURE_21:Blob requests are logged to Log Analytics by the diagnostic setting of the blob service
  for_each = toset(concat(
    ["recordings"],
    var.functions_plan != "dedicated" ? ["function-code"] : [],
  ))

  name                  = each.value
  storage_account_id    = azurerm_storage_account.this.id
  container_access_type = "private"

  lifecycle {
    prevent_destroy = true
  }
}

# Recordings are replayed within weeks or hardly ever.
resource "azurerm_storage_management_policy" "this" {
  count = var.storage_lifecycle_enabled ? 1 : 0

  storage_account_id = azurerm_storage_account.this.id

  rule {
    name    = "recordings"
    enabled = true

    filters {
      blob_types   = ["blockBlob"]
      prefix_match = ["recordings/"]
    }

    actions {
      base_blob {
        tier_to_cool_after_days_since_modification_greater_than = 30
        tier_to_cold_after_days_since_modification_greater_than = 90
        delete_after_days_since_modification_greater_than       = var.recordings_retention_days
      }

      version {
        delete_after_days_since_creation = 30
      }

      snapshot {
        delete_after_days_since_creation_greater_than = 30
      }
    }
  }
}
