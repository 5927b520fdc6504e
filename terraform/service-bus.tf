# Requests for replays that must not be lost: other systems put them here, the functions take them. What fails five times is kept
# as a dead letter, and an alert says so.

resource "azurerm_servicebus_namespace" "this" {
  # checkov:skip=CKV_AZURE_199:Azure encrypts twice by itself where customer_managed_keys_enabled adds a key of ours
  # checkov:skip=CKV_AZURE_201:A key of ours is a choice (customer_managed_keys_enabled)
  count = var.service_bus_enabled ? 1 : 0

  name                          = local.names.service_bus
  location                      = azurerm_resource_group.this.location
  resource_group_name           = azurerm_resource_group.this.name
  sku                           = "Premium"
  capacity                      = var.service_bus_capacity
  premium_messaging_partitions  = 1
  local_auth_enabled            = false
  minimum_tls_version           = "1.2"
  public_network_access_enabled = false
  tags                          = local.tags

  identity {
    type         = length(local.encryption) == 0 ? "SystemAssigned" : "SystemAssigned, UserAssigned"
    identity_ids = length(local.encryption) == 0 ? null : [for key in local.encryption : key.identity_id]
  }

  dynamic "customer_managed_key" {
    for_each = local.encryption

    content {
      key_vault_key_id                  = customer_managed_key.value.key_id
      identity_id                       = customer_managed_key.value.identity_id
      infrastructure_encryption_enabled = true
    }
  }

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [azurerm_role_assignment.encryption]
}

resource "azurerm_servicebus_queue" "replays" {
  count = var.service_bus_enabled ? 1 : 0

  name                                    = "replays"
  namespace_id                            = azurerm_servicebus_namespace.this[0].id
  lock_duration                           = "PT2M"
  max_delivery_count                      = 5
  requires_duplicate_detection            = true
  duplicate_detection_history_time_window = "PT10M"
  dead_lettering_on_message_expiration    = true
  default_message_ttl                     = "P7D"

  lifecycle {
    prevent_destroy = true
  }
}
