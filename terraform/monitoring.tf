# What is seen: traces and figures of every step in Application Insights, logs of every service in one workspace. Alerts on
# them: alerts.tf; the picture of them: workbook.tf.

data "azurerm_log_analytics_workspace" "existing" {
  count = var.existing_log_analytics_workspace == null ? 0 : 1

  name                = var.existing_log_analytics_workspace.name
  resource_group_name = var.existing_log_analytics_workspace.resource_group_name
}

resource "azurerm_log_analytics_workspace" "this" {
  count = var.existing_log_analytics_workspace == null ? 1 : 0

  name                         = "log-${local.name}"
  location                     = azurerm_resource_group.this.location
  resource_group_name          = azurerm_resource_group.this.name
  sku                          = "PerGB2018"
  retention_in_days            = var.log_retention_days
  daily_quota_gb               = var.log_daily_quota_gb
  local_authentication_enabled = false
  tags                         = local.tags

  # Logs are the record of who did what.
  lifecycle {
    prevent_destroy = true
  }
}

locals {
  log_analytics_workspace = var.existing_log_analytics_workspace == null ? {
    id           = azurerm_log_analytics_workspace.this[0].id
    workspace_id = azurerm_log_analytics_workspace.this[0].workspace_id
    } : {
    id           = data.azurerm_log_analytics_workspace.existing[0].id
    workspace_id = data.azurerm_log_analytics_workspace.existing[0].workspace_id
  }
}

resource "azurerm_application_insights" "this" {
  name                = "appi-${local.name}"
  location            = azurerm_resource_group.this.location
  resource_group_name = azurerm_resource_group.this.name
  workspace_id        = local.log_analytics_workspace.id
  application_type    = "web"
  retention_in_days   = local.application_insights_retention
  sampling_percentage = var.application_insights_sampling_percentage
  # The connection string names where to send, and lets nobody in: services publish with their identities.
  local_authentication_enabled = false
  tags                         = local.tags
}

locals {
  # Application Insights knows these lengths; the shortest that covers what was asked for.
  application_insights_retention = [for days in [30, 60, 90, 120, 180, 270, 365, 550, 730] : days if days >= var.log_retention_days][0]
}
