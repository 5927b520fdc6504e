# Key Vault: the connection strings by name, and the detectors' bearer token. The services refer to them; nobody copies them.

resource "azurerm_key_vault" "this" {
  # checkov:skip=CKV_AZURE_189:Closed to the internet unless deploying or operating addresses are named, and then open to these alone; the rule cannot read the condition, tests/security.tftest.hcl can
  name                       = local.names.key_vault
  location                   = azurerm_resource_group.this.location
  resource_group_name        = azurerm_resource_group.this.name
  tenant_id                  = data.azurerm_client_config.current.tenant_id
  sku_name                   = var.customer_managed_keys_enabled ? "premium" : "standard"
  rbac_authorization_enabled = true
  purge_protection_enabled   = true
  soft_delete_retention_days = 90
  tags                       = local.tags

  # Closed, but for the addresses that deploy and operate where any are named.
  public_network_access_enabled = length(local.key_vault_ip_addresses) > 0

  network_acls {
    default_action = "Deny"
    bypass         = "AzureServices"
    ip_rules       = [for address in local.key_vault_ip_addresses : "${address}/32"]
  }

  lifecycle {
    prevent_destroy = true
  }
}

locals {
  key_vault_ip_addresses = distinct(concat(
    var.deployer_ip_addresses,
    var.operator_access == "addresses" ? var.operator_ip_addresses : [],
  ))

  # The specification's three names. Without access keys none of them holds a secret.
  connection_strings = {
    REDIS-CONNECTION-STRING     = local.redis_connection_string
    COSMOS-DB-CONNECTION-STRING = local.cosmos_db_connection_string
    FASTAPI-ENDPOINT            = local.detectors_endpoint
  }

  # The vault's names of the keys, where access keys are on.
  access_key_names = { redis = "REDIS-ACCESS-KEY", openai = "AZURE-OPENAI-API-KEY" }

  # For the applications' settings. Without a version, so that a new value is followed; by address, not by reference, so that
  # detectors, endpoint and settings do not wait for each other in a circle.
  secret_ids = {
    for name in concat(keys(local.connection_strings), ["DETECTOR-TOKEN"], values(local.access_key_names)) :
    name => "${azurerm_key_vault.this.vault_uri}secrets/${name}"
  }
  secret_references = { for name, id in local.secret_ids : name => "@Microsoft.KeyVault(SecretUri=${id})" }
}

# Values are write-only: they come into the vault and not into the state. The version follows the value, so that a new value
# is written and an old one is not written again.
resource "azurerm_key_vault_secret" "connection" {
  # checkov:skip=CKV_AZURE_41:An address does not expire; with access keys off there is no credential in it, and with keys on it changes when the key is regenerated
  for_each = local.connection_strings

  name             = each.key
  key_vault_id     = azurerm_key_vault.this.id
  value_wo         = each.value
  value_wo_version = 1 + parseint(substr(sha256(each.value), 0, 7), 16)
  content_type     = "text/plain"
  tags             = local.tags

  # The deploying address must be let in, and the roles take minutes to hold.
  depends_on = [azurerm_role_assignment.deployer, azurerm_private_endpoint.key_vault]
}

# What functions and operators show to the detectors. Made here and known nowhere else: neither in the state nor in a plan.
resource "azurerm_key_vault_secret" "detector_token" {
  # checkov:skip=CKV_AZURE_41:Turned by raising detector_token_version; an expiry would silence the detectors at night
  name             = "DETECTOR-TOKEN"
  key_vault_id     = azurerm_key_vault.this.id
  value_wo         = sha256("${uuid()}${uuid()}")
  value_wo_version = var.detector_token_version
  content_type     = "text/plain"
  tags             = local.tags

  depends_on = [azurerm_role_assignment.deployer, azurerm_private_endpoint.key_vault]
}

# Only where access keys are on: for the scale rule that reads the queue, and for the language model.
resource "azurerm_key_vault_secret" "access_key" {
  # checkov:skip=CKV_AZURE_41:Written anew when the service's key is regenerated
  for_each = var.access_keys_enabled ? local.access_key_names : {}

  name             = each.value
  key_vault_id     = azurerm_key_vault.this.id
  value_wo         = local.access_keys[each.key]
  value_wo_version = 1 + parseint(substr(sha256(local.access_keys[each.key]), 0, 7), 16)
  content_type     = "text/plain"
  tags             = local.tags

  depends_on = [azurerm_role_assignment.deployer, azurerm_private_endpoint.key_vault]
}

locals {
  access_keys = {
    redis  = var.access_keys_enabled ? local.redis.key : ""
    openai = var.access_keys_enabled ? azurerm_cognitive_account.openai.primary_access_key : ""
  }
}
