# Redis: where readings arrive (the queue), where the last 24 hours are (the window), and what the dashboard polls.
# Nothing may be evicted: what lies in the queue has not been judged yet. The services cut the window by RETENTION_HOURS.

resource "azurerm_managed_redis" "this" {
  count = var.redis_flavor == "managed" ? 1 : 0

  name                      = local.names.managed_redis
  location                  = azurerm_resource_group.this.location
  resource_group_name       = azurerm_resource_group.this.name
  sku_name                  = var.managed_redis_sku_name
  high_availability_enabled = var.managed_redis_high_availability_enabled
  public_network_access     = var.redis_public_network_access_enabled ? "Enabled" : "Disabled"
  tags                      = local.tags

  default_database {
    access_keys_authentication_enabled = var.access_keys_enabled
    client_protocol                    = "Encrypted"
    # A reading is written to queue and window in one transaction, which a cluster would refuse: two keys, two slots.
    clustering_policy = "NoCluster"
    eviction_policy   = "NoEviction"

    persistence_append_only_file_backup_frequency = var.redis_persistence == "aof" ? "1s" : null
    persistence_redis_database_backup_frequency   = var.redis_persistence == "rdb" ? "1h" : null
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
      key_vault_key_id          = customer_managed_key.value.key_id
      user_assigned_identity_id = customer_managed_key.value.identity_id
    }
  }

  lifecycle {
    prevent_destroy = true

    precondition {
      condition     = !var.zone_redundancy_enabled || var.managed_redis_high_availability_enabled
      error_message = "zone_redundancy_enabled needs managed_redis_high_availability_enabled: one node stands in one zone."
    }
  }

  depends_on = [azurerm_role_assignment.encryption]
}

# As first specified; for tenants that had one before April 2026.
resource "azurerm_redis_cache" "this" {
  count = var.redis_flavor == "cache_premium" ? 1 : 0

  name                               = local.names.redis_cache
  location                           = azurerm_resource_group.this.location
  resource_group_name                = azurerm_resource_group.this.name
  sku_name                           = var.redis_sku_name
  family                             = var.redis_family
  capacity                           = var.redis_capacity
  redis_version                      = "6"
  minimum_tls_version                = "1.2"
  non_ssl_port_enabled               = false
  public_network_access_enabled      = var.redis_public_network_access_enabled
  access_keys_authentication_enabled = var.access_keys_enabled
  zones                              = var.zone_redundancy_enabled ? ["1", "2"] : null
  replicas_per_primary               = 1
  tags                               = local.tags

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.this["redis"].id]
  }

  redis_configuration {
    active_directory_authentication_enabled = true
    maxmemory_policy                        = "noeviction"

    # Hourly snapshots, written by the cache's own identity: the connection string holds no key.
    rdb_backup_enabled                     = true
    rdb_backup_frequency                   = 60
    rdb_backup_max_snapshot_count          = 1
    data_persistence_authentication_method = "ManagedIdentity"
    rdb_storage_connection_string          = "DefaultEndpointsProtocol=https;BlobEndpoint=${azurerm_storage_account.this.primary_blob_endpoint};AccountName=${azurerm_storage_account.this.name}"
    storage_account_subscription_id        = data.azurerm_client_config.current.subscription_id
  }

  patch_schedule {
    day_of_week    = "Tuesday"
    start_hour_utc = 9
  }

  lifecycle {
    prevent_destroy = true
    # Azure does not say it back.
    ignore_changes = [redis_configuration[0].rdb_storage_connection_string]
  }

  depends_on = [azurerm_role_assignment.redis_persistence]
}

# Operators from their addresses, where the public door of Azure Cache for Redis is open at all.
resource "azurerm_redis_firewall_rule" "operators" {
  for_each = toset(var.redis_flavor == "cache_premium" && var.redis_public_network_access_enabled ? var.operator_ip_addresses : [])

  name                = "operator_${replace(each.value, ".", "_")}"
  redis_cache_name    = azurerm_redis_cache.this[0].name
  resource_group_name = azurerm_resource_group.this.name
  start_ip            = each.value
  end_ip              = each.value
}

locals {
  # Either flavour, as everybody else sees it.
  redis = var.redis_flavor == "managed" ? {
    id   = azurerm_managed_redis.this[0].id
    name = azurerm_managed_redis.this[0].name
    host = azurerm_managed_redis.this[0].hostname
    port = tonumber(local.redis_port)
    key  = var.access_keys_enabled ? azurerm_managed_redis.this[0].default_database[0].primary_access_key : null
    } : {
    id   = azurerm_redis_cache.this[0].id
    name = azurerm_redis_cache.this[0].name
    host = azurerm_redis_cache.this[0].hostname
    port = tonumber(local.redis_port)
    key  = var.access_keys_enabled ? azurerm_redis_cache.this[0].primary_access_key : null
  }

  # Without a key the client signs in with its identity.
  redis_connection_string = join(",", compact([
    "${local.redis.host}:${local.redis.port}",
    local.redis.key == null ? "" : "password=${local.redis.key}",
    "ssl=True",
    "abortConnect=False",
  ]))
}
