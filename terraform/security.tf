# Who may do what: one identity per service, and the least role that its step of the event flow needs. Operators and producers: access.tf.

resource "azurerm_user_assigned_identity" "this" {
  for_each = merge(
    {
      functions = "judges readings"
      detectors = "answers what is anomalous"
      dashboard = "shows readings and episodes"
    },
    var.redis_flavor == "cache_premium" ? { redis = "writes Redis snapshots to storage" } : {},
    var.customer_managed_keys_enabled ? { encryption = "lets services use the encryption key" } : {},
  )

  name                = "id-${each.key}-${local.name}"
  location            = azurerm_resource_group.this.location
  resource_group_name = azurerm_resource_group.this.name
  tags                = merge(local.tags, { purpose = each.value })
}

locals {
  service_roles = merge(
    {
      # The functions' host keeps its locks, timers and code in storage.
      functions-blobs   = { identity = "functions", scope = azurerm_storage_account.this.id, role = "Storage Blob Data Owner" }
      functions-queues  = { identity = "functions", scope = azurerm_storage_account.this.id, role = "Storage Queue Data Contributor" }
      functions-tables  = { identity = "functions", scope = azurerm_storage_account.this.id, role = "Storage Table Data Contributor" }
      functions-secrets = { identity = "functions", scope = azurerm_key_vault.this.id, role = "Key Vault Secrets User" }
      functions-metrics = { identity = "functions", scope = azurerm_application_insights.this.id, role = "Monitoring Metrics Publisher" }
      detectors-secrets = { identity = "detectors", scope = azurerm_key_vault.this.id, role = "Key Vault Secrets User" }
      detectors-metrics = { identity = "detectors", scope = azurerm_application_insights.this.id, role = "Monitoring Metrics Publisher" }
      detectors-image   = { identity = "detectors", scope = local.container_registry.id, role = "AcrPull" }
      detectors-model   = { identity = "detectors", scope = azurerm_cognitive_account.openai.id, role = "Cognitive Services OpenAI User" }
      dashboard-secrets = { identity = "dashboard", scope = azurerm_key_vault.this.id, role = "Key Vault Secrets User" }
      dashboard-metrics = { identity = "dashboard", scope = azurerm_application_insights.this.id, role = "Monitoring Metrics Publisher" }
    },
    # The batch job is the functions' identity, and has its report's summary written.
    var.daily_report_enabled ? {
      functions-model = { identity = "functions", scope = azurerm_cognitive_account.openai.id, role = "Cognitive Services OpenAI User" }
    } : {},
    var.service_bus_enabled ? {
      functions-queue = { identity = "functions", scope = azurerm_servicebus_queue.replays[0].id, role = "Azure Service Bus Data Receiver" }
    } : {},
  )
}

resource "azurerm_role_assignment" "service" {
  for_each = local.service_roles

  scope                = each.value.scope
  role_definition_name = each.value.role
  principal_id         = azurerm_user_assigned_identity.this[each.value.identity].principal_id
  principal_type       = "ServicePrincipal"
}

# Whoever deploys writes the vault's secrets, and the key where one of ours encrypts.
resource "azurerm_role_assignment" "deployer" {
  for_each = toset(concat(
    ["Key Vault Secrets Officer"],
    var.customer_managed_keys_enabled ? ["Key Vault Crypto Officer"] : [],
  ))

  scope                = azurerm_key_vault.this.id
  role_definition_name = each.value
  principal_id         = data.azurerm_client_config.current.object_id
}

resource "azurerm_role_assignment" "redis_persistence" {
  count = var.redis_flavor == "cache_premium" ? 1 : 0

  scope                = azurerm_storage_account.this.id
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = azurerm_user_assigned_identity.this["redis"].principal_id
  principal_type       = "ServicePrincipal"
}

# --- Redis and Cosmos DB have data roles of their own -------------------------------------------------------------------

locals {
  # Managed Redis has one policy, with full access to the data. Azure Cache for Redis can do with less: detectors and dashboard
  # write nothing but their own keys.
  redis_principals = merge(
    { for name in ["functions", "detectors", "dashboard"] : name => azurerm_user_assigned_identity.this[name].principal_id },
    { for id in var.operator_object_ids : "operator-${id}" => id },
    { for id in var.producer_object_ids : "producer-${id}" => id },
  )
  redis_readers = ["detectors", "dashboard"]

  cosmos_data_reader      = "${azurerm_cosmosdb_account.this.id}/sqlRoleDefinitions/00000000-0000-0000-0000-000000000001"
  cosmos_data_contributor = "${azurerm_cosmosdb_account.this.id}/sqlRoleDefinitions/00000000-0000-0000-0000-000000000002"

  # The detectors keep nothing; the dashboard shows.
  cosmos_principals = merge(
    {
      functions = { id = azurerm_user_assigned_identity.this["functions"].principal_id, role = local.cosmos_data_contributor }
      dashboard = { id = azurerm_user_assigned_identity.this["dashboard"].principal_id, role = local.cosmos_data_reader }
    },
    { for id in var.operator_object_ids : "operator-${id}" => { id = id, role = local.cosmos_data_contributor } },
  )
}

resource "azurerm_managed_redis_access_policy_assignment" "this" {
  for_each = var.redis_flavor == "managed" ? local.redis_principals : {}

  managed_redis_id = azurerm_managed_redis.this[0].id
  object_id        = each.value
}

resource "azurerm_redis_cache_access_policy_assignment" "this" {
  for_each = var.redis_flavor == "cache_premium" ? local.redis_principals : {}

  name               = each.key
  redis_cache_id     = azurerm_redis_cache.this[0].id
  access_policy_name = contains(local.redis_readers, each.key) ? "Data Reader" : "Data Contributor"
  object_id          = each.value
  object_id_alias    = each.key
}

resource "azurerm_cosmosdb_sql_role_assignment" "this" {
  for_each = local.cosmos_principals

  resource_group_name = azurerm_resource_group.this.name
  account_name        = azurerm_cosmosdb_account.this.name
  role_definition_id  = each.value.role
  principal_id        = each.value.id
  scope               = "${azurerm_cosmosdb_account.this.id}/dbs/${azurerm_cosmosdb_sql_database.this.name}"
}
