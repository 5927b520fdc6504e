# Every service's logs and figures to the workspace, and who changed what in the subscription.

locals {
  diagnostics = merge(
    {
      app-service-plan = { id = azurerm_service_plan.app.id, logs = [], groups = [] }
      container-apps   = { id = azurerm_container_app_environment.this.id, logs = ["ContainerAppConsoleLogs", "ContainerAppSystemLogs"], groups = [] }
      cosmos-db        = { id = azurerm_cosmosdb_account.this.id, logs = ["DataPlaneRequests", "ControlPlaneRequests", "PartitionKeyRUConsumption"], groups = [] }
      dashboard        = { id = azurerm_linux_web_app.dashboard.id, logs = ["AppServiceHTTPLogs", "AppServiceConsoleLogs", "AppServiceAppLogs", "AppServicePlatformLogs", "AppServiceIPSecAuditLogs"], groups = [] }
      functions        = { id = local.function_app.id, logs = ["FunctionAppLogs"], groups = [] }
      key-vault        = { id = azurerm_key_vault.this.id, logs = [], groups = ["audit", "allLogs"] }
      openai           = { id = azurerm_cognitive_account.openai.id, logs = [], groups = ["allLogs"] }
      storage-blob     = { id = "${azurerm_storage_account.this.id}/blobServices/default", logs = ["StorageRead", "StorageWrite", "StorageDelete"], groups = [] }
      storage-queue    = { id = "${azurerm_storage_account.this.id}/queueServices/default", logs = ["StorageRead", "StorageWrite", "StorageDelete"], groups = [] }
      # Managed Redis logs who connects on its database; the cluster has figures only.
      redis = { id = local.redis.id, logs = var.redis_flavor == "managed" ? [] : ["ConnectedClientList", "MSEntraAuthenticationAuditLog"], groups = [] }
    },
    var.redis_flavor == "managed" ? {
      redis-database = { id = "${local.redis.id}/databases/default", logs = ["ConnectionEvents"], groups = [] }
    } : {},
    var.existing_container_registry == null ? {
      container-registry = { id = azurerm_container_registry.this[0].id, logs = ["ContainerRegistryRepositoryEvents", "ContainerRegistryLoginEvents"], groups = [] }
    } : {},
    var.service_bus_enabled ? {
      service-bus = { id = azurerm_servicebus_namespace.this[0].id, logs = [], groups = ["allLogs"] }
    } : {},
    var.front_door_enabled ? {
      front-door = { id = azurerm_cdn_frontdoor_profile.this[0].id, logs = [], groups = ["allLogs"] }
    } : {},
    { for name, group in azurerm_network_security_group.this : "nsg-${name}" => { id = group.id, logs = ["NetworkSecurityGroupEvent", "NetworkSecurityGroupRuleCounter"], groups = [] } },
  )

  # Security groups have logs alone, a Redis database connections alone.
  diagnostics_without_figures = concat(["redis-database"], [for name in keys(local.subnets) : "nsg-${name}"])
}

resource "azurerm_monitor_diagnostic_setting" "this" {
  for_each = local.diagnostics

  name                       = "diag-${local.name}"
  target_resource_id         = each.value.id
  log_analytics_workspace_id = local.log_analytics_workspace.id

  dynamic "enabled_log" {
    for_each = toset(each.value.logs)

    content {
      category = enabled_log.value
    }
  }

  dynamic "enabled_log" {
    for_each = toset(each.value.groups)

    content {
      category_group = enabled_log.value
    }
  }

  dynamic "enabled_metric" {
    for_each = contains(local.diagnostics_without_figures, each.key) ? [] : ["AllMetrics"]

    content {
      category = enabled_metric.value
    }
  }
}

# Who changed what in the subscription.
resource "azurerm_monitor_diagnostic_setting" "activity_log" {
  count = var.activity_log_enabled ? 1 : 0

  name                       = "diag-${local.name}"
  target_resource_id         = "/subscriptions/${data.azurerm_client_config.current.subscription_id}"
  log_analytics_workspace_id = local.log_analytics_workspace.id

  dynamic "enabled_log" {
    for_each = toset(["Administrative", "Security", "ServiceHealth", "Alert", "Recommendation", "Policy", "Autoscale", "ResourceHealth"])

    content {
      category = enabled_log.value
    }
  }
}
