# The registry that the detectors' image is pulled from, by identity, under the commit that it was built from.

data "azurerm_container_registry" "existing" {
  count = var.existing_container_registry == null ? 0 : 1

  name                = var.existing_container_registry.name
  resource_group_name = var.existing_container_registry.resource_group_name
}

resource "azurerm_container_registry" "this" {
  # checkov:skip=CKV_AZURE_164:Docker Content Trust is retired by Azure; images are named by commit and pulled by identity
  # checkov:skip=CKV_AZURE_165:One image, rebuilt from the commit within minutes; a copy in another region would only cost
  # checkov:skip=CKV_AZURE_166:Quarantine withholds every image until a scanner that the site may not have releases it
  # checkov:skip=CKV_AZURE_233:Zone redundancy follows zone_redundancy_enabled
  # checkov:skip=CKV_AZURE_237:A data endpoint of its own serves firewalls; the private endpoint serves already
  count = var.existing_container_registry == null ? 1 : 0

  name                                  = local.names.container_registry
  location                              = azurerm_resource_group.this.location
  resource_group_name                   = azurerm_resource_group.this.name
  sku                                   = var.container_registry_sku
  admin_enabled                         = false
  anonymous_pull_enabled                = false
  public_network_access_enabled         = var.container_registry_sku != "Premium" || var.operator_access == "addresses"
  network_rule_bypass_option            = "AzureServices"
  network_rule_bypass_for_tasks_enabled = var.container_registry_sku == "Premium" ? true : null
  retention_policy_in_days              = var.container_registry_sku == "Premium" ? 30 : null
  zone_redundancy_enabled               = var.container_registry_sku == "Premium" && var.zone_redundancy_enabled
  tags                                  = local.tags

  # Operators push from their addresses; Azure's own builders pass.
  network_rule_set = var.container_registry_sku == "Premium" ? [{
    default_action = "Deny"
    ip_rule = [
      for address in(var.operator_access == "addresses" ? var.operator_ip_addresses : []) : { action = "Allow", ip_range = "${address}/32" }
    ]
  }] : []

  dynamic "identity" {
    for_each = var.container_registry_sku == "Premium" ? local.encryption : []

    content {
      type         = "UserAssigned"
      identity_ids = [identity.value.identity_id]
    }
  }

  encryption = var.container_registry_sku == "Premium" ? [
    for key in local.encryption : { key_vault_key_id = key.key_id_without_version, identity_client_id = key.identity_client_id }
  ] : []

  depends_on = [azurerm_role_assignment.encryption]
}

locals {
  container_registry = var.existing_container_registry == null ? {
    id           = azurerm_container_registry.this[0].id
    name         = azurerm_container_registry.this[0].name
    login_server = azurerm_container_registry.this[0].login_server
    } : {
    id           = data.azurerm_container_registry.existing[0].id
    name         = data.azurerm_container_registry.existing[0].name
    login_server = data.azurerm_container_registry.existing[0].login_server
  }
  container_registry_is_private = var.existing_container_registry == null && var.container_registry_sku == "Premium"
}
