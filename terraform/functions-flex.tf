# The functions on Flex Consumption: paid per execution, as first specified. It has no Redis trigger, so the sweep alone drains.

resource "azurerm_function_app_flex_consumption" "this" {
  count = var.functions_plan == "flex" ? 1 : 0

  name                          = local.names.functions
  location                      = azurerm_resource_group.this.location
  resource_group_name           = azurerm_resource_group.this.name
  service_plan_id               = azurerm_service_plan.functions[0].id
  https_only                    = true
  public_network_access_enabled = var.operator_access == "addresses"
  virtual_network_subnet_id     = azurerm_subnet.this[local.functions_subnet].id
  runtime_name                  = "python"
  runtime_version               = "3.12"
  instance_memory_in_mb         = 2048
  maximum_instance_count        = var.functions_maximum_instances
  tags                          = local.tags

  storage_container_type            = "blobContainer"
  storage_container_endpoint        = local.functions_code_url
  storage_authentication_type       = "UserAssignedIdentity"
  storage_user_assigned_identity_id = local.functions_identity_id

  webdeploy_publish_basic_authentication_enabled = false

  app_settings = merge(local.functions_settings, {
    # The provider sets a connection string even for an identity; an empty one of ours stands instead of it.
    AzureWebJobsStorage              = ""
    AzureWebJobsStorage__accountName = azurerm_storage_account.this.name
  })

  identity {
    type         = "UserAssigned"
    identity_ids = [local.functions_identity_id]
  }

  site_config {
    application_insights_connection_string = azurerm_application_insights.this.connection_string
    http2_enabled                          = true
    minimum_tls_version                    = "1.2"
    vnet_route_all_enabled                 = true
    ip_restriction_default_action          = "Deny"
    scm_ip_restriction_default_action      = "Deny"

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

  # One instance that is always warm: the sweep comes every ten seconds.
  always_ready {
    name           = "function:sweep_readings"
    instance_count = 1
  }

  lifecycle {
    # `anomalyctl publish` tags the app with what it published.
    ignore_changes = [tags["published"]]
  }

  depends_on = [
    azurerm_role_assignment.service,
    azurerm_key_vault_secret.connection,
    azurerm_key_vault_secret.detector_token,
    azurerm_cosmosdb_sql_role_assignment.this,
    azurerm_cosmosdb_sql_container.this,
    azurerm_storage_container.this,
  ]
}
