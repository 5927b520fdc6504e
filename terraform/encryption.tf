# A key of ours for what is stored, where the site's rules ask for one. It turns by itself once a year.

locals {
  # Empty, or the one key: the services iterate over it.
  encryption = [
    for key in azurerm_key_vault_key.encryption : {
      key_id                 = key.id
      key_id_without_version = key.versionless_id
      identity_id            = azurerm_user_assigned_identity.this["encryption"].id
      identity_client_id     = azurerm_user_assigned_identity.this["encryption"].client_id
    }
  ]
}

resource "azurerm_key_vault_key" "encryption" {
  # checkov:skip=CKV_AZURE_40:The rotation policy expires and renews it; a fixed date would make stored data unreadable
  count = var.customer_managed_keys_enabled ? 1 : 0

  name         = "encryption"
  key_vault_id = azurerm_key_vault.this.id
  key_type     = "RSA-HSM"
  key_size     = 3072
  key_opts     = ["unwrapKey", "wrapKey"]
  tags         = local.tags

  rotation_policy {
    expire_after         = "P2Y"
    notify_before_expiry = "P30D"

    automatic {
      time_after_creation = "P1Y"
    }
  }

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [azurerm_role_assignment.deployer, azurerm_private_endpoint.key_vault]
}

resource "azurerm_role_assignment" "encryption" {
  count = var.customer_managed_keys_enabled ? 1 : 0

  scope                = azurerm_key_vault.this.id
  role_definition_name = "Key Vault Crypto Service Encryption User"
  principal_id         = azurerm_user_assigned_identity.this["encryption"].principal_id
  principal_type       = "ServicePrincipal"
}
