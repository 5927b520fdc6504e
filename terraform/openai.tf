# Azure OpenAI: writes in words what the detectors found. It judges nothing; without it contexts are the registry's known causes.

resource "azurerm_cognitive_account" "openai" {
  # checkov:skip=CKV2_AZURE_22:A key of ours is a choice (customer_managed_keys_enabled); the account keeps no data of ours
  name                  = local.names.openai
  location              = azurerm_resource_group.this.location
  resource_group_name   = azurerm_resource_group.this.name
  kind                  = "OpenAI"
  sku_name              = "S0"
  custom_subdomain_name = local.names.openai
  local_auth_enabled    = var.access_keys_enabled
  tags                  = local.tags

  # Only the detectors ask, through the private endpoint; the account itself may reach nothing but its own address.
  public_network_access_enabled      = false
  outbound_network_access_restricted = true
  fqdns                              = ["${local.names.openai}.openai.azure.com"]

  network_acls {
    default_action = "Deny"
    bypass         = "None"
  }

  identity {
    type         = length(local.encryption) == 0 ? "SystemAssigned" : "SystemAssigned, UserAssigned"
    identity_ids = length(local.encryption) == 0 ? null : [for key in local.encryption : key.identity_id]
  }

  dynamic "customer_managed_key" {
    for_each = local.encryption

    content {
      key_vault_key_id   = customer_managed_key.value.key_id
      identity_client_id = customer_managed_key.value.identity_client_id
    }
  }

  depends_on = [azurerm_role_assignment.encryption]
}

resource "azurerm_cognitive_deployment" "contexts" {
  name                   = coalesce(var.openai_model_deployment_name, var.openai_model_name)
  cognitive_account_id   = azurerm_cognitive_account.openai.id
  version_upgrade_option = var.openai_version_upgrade_option

  model {
    format  = "OpenAI"
    name    = var.openai_model_name
    version = var.openai_model_version
  }

  sku {
    name     = var.openai_sku_name
    capacity = var.openai_capacity
  }
}
