# Where containers run: an environment in our own network, internal unless operators come from outside.

resource "azurerm_container_app_environment" "this" {
  name                               = local.names.container_app_environment
  location                           = azurerm_resource_group.this.location
  resource_group_name                = azurerm_resource_group.this.name
  infrastructure_resource_group_name = "rg-${local.name}-container-apps"
  infrastructure_subnet_id           = azurerm_subnet.this["container-apps"].id
  internal_load_balancer_enabled     = local.detectors_are_private
  public_network_access              = local.detectors_are_private ? "Disabled" : "Enabled"
  zone_redundancy_enabled            = var.zone_redundancy_enabled
  # To the workspace by a diagnostic setting: the direct way would need the workspace's key.
  logs_destination = "azure-monitor"
  tags             = local.tags

  workload_profile {
    name                  = "Consumption"
    workload_profile_type = "Consumption"
  }

  depends_on = [azurerm_subnet_network_security_group_association.this]
}
