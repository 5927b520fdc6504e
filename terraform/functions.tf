# Azure Functions: the doorbell (Redis trigger), the sweep (timer), the change feed that updates the dashboard's figures, the
# clean-up and the daily fit. The trigger rings; what guarantees a verdict is the consumer group that the sweep drains.

locals {
  functions_identity_id = azurerm_user_assigned_identity.this["functions"].id
  functions_code_url    = "${azurerm_storage_account.this.primary_blob_endpoint}function-code"

  # Whichever plan runs them, as everybody else sees them.
  function_app = var.functions_plan == "flex" ? {
    id       = azurerm_function_app_flex_consumption.this[0].id
    name     = azurerm_function_app_flex_consumption.this[0].name
    hostname = azurerm_function_app_flex_consumption.this[0].default_hostname
    } : {
    id       = azurerm_linux_function_app.this[0].id
    name     = azurerm_linux_function_app.this[0].name
    hostname = azurerm_linux_function_app.this[0].default_hostname
  }
}

# A plan of their own, but where they share the dashboard's.
resource "azurerm_service_plan" "functions" {
  # checkov:skip=CKV_AZURE_211:Elastic Premium and Flex Consumption are made for production; the rule knows neither
  # checkov:skip=CKV_AZURE_212:Both plans add instances by themselves; a second one at rest would only cost
  # checkov:skip=CKV_AZURE_225:Zone balancing follows zone_redundancy_enabled
  count = var.functions_plan == "dedicated" ? 0 : 1

  name                         = "asp-functions-${local.name}"
  location                     = azurerm_resource_group.this.location
  resource_group_name          = azurerm_resource_group.this.name
  os_type                      = "Linux"
  sku_name                     = var.functions_plan == "flex" ? "FC1" : var.functions_elastic_sku_size
  maximum_elastic_worker_count = var.functions_plan == "elastic" ? var.functions_maximum_instances : null
  worker_count                 = var.functions_plan == "elastic" && var.zone_redundancy_enabled ? 2 : null
  zone_balancing_enabled       = var.zone_redundancy_enabled
  tags                         = local.tags
}

resource "azurerm_linux_function_app" "this" {
  count = var.functions_plan == "flex" ? 0 : 1

  name                            = local.names.functions
  location                        = azurerm_resource_group.this.location
  resource_group_name             = azurerm_resource_group.this.name
  service_plan_id                 = var.functions_plan == "dedicated" ? azurerm_service_plan.app.id : azurerm_service_plan.functions[0].id
  functions_extension_version     = "~4"
  https_only                      = true
  public_network_access_enabled   = var.operator_access == "addresses"
  virtual_network_subnet_id       = azurerm_subnet.this[local.functions_subnet].id
  key_vault_reference_identity_id = local.functions_identity_id
  builtin_logging_enabled         = false
  tags                            = local.tags

  # The host signs in to storage; an Elastic Premium plan's content share would need a key.
  storage_account_name          = azurerm_storage_account.this.name
  storage_uses_managed_identity = true
  content_share_force_disabled  = var.functions_plan == "elastic"

  # Code is published with Entra alone.
  ftp_publish_basic_authentication_enabled       = false
  webdeploy_publish_basic_authentication_enabled = false

  app_settings = merge(
    local.functions_settings,
    var.functions_plan == "elastic" ? {
      WEBSITE_RUN_FROM_PACKAGE                     = "${local.functions_code_url}/functions.zip"
      WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID = local.functions_identity_id
    } : { WEBSITE_RUN_FROM_PACKAGE = "1" },
  )

  identity {
    type         = "UserAssigned"
    identity_ids = [local.functions_identity_id]
  }

  site_config {
    # Timers and triggers need a host that does not sleep.
    always_on                              = var.functions_plan == "dedicated"
    elastic_instance_minimum               = var.functions_plan == "elastic" ? 1 : null
    app_scale_limit                        = var.functions_plan == "elastic" ? var.functions_maximum_instances : null
    runtime_scale_monitoring_enabled       = var.functions_plan == "elastic" ? true : null
    application_insights_connection_string = azurerm_application_insights.this.connection_string
    ftps_state                             = "Disabled"
    http2_enabled                          = true
    minimum_tls_version                    = "1.2"
    vnet_route_all_enabled                 = true

    application_stack {
      python_version = "3.12"
    }

    # Nothing calls the functions over HTTP; operators publish code and read logs.
    ip_restriction_default_action     = "Deny"
    scm_ip_restriction_default_action = "Deny"

    dynamic "scm_ip_restriction" {
      for_each = var.operator_access == "addresses" ? var.operator_ip_addresses : []

      content {
        name       = "operator-${scm_ip_restriction.key}"
        priority   = 200 + scm_ip_restriction.key
        action     = "Allow"
        ip_address = "${scm_ip_restriction.value}/32"
      }
    }
  }

  lifecycle {
    # `anomalyctl publish` tags the app with what it published; Azure links it to Application Insights.
    ignore_changes = [tags["published"], tags["hidden-link: /app-insights-resource-id"]]
  }

  depends_on = [
    azurerm_role_assignment.service,
    azurerm_key_vault_secret.connection,
    azurerm_key_vault_secret.detector_token,
    azurerm_managed_redis_access_policy_assignment.this,
    azurerm_redis_cache_access_policy_assignment.this,
    azurerm_cosmosdb_sql_role_assignment.this,
    azurerm_cosmosdb_sql_container.this,
  ]
}
