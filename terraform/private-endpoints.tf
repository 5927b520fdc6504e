# Doors of the services into our network. Names resolve to them through private DNS zones, so that no reading takes the internet.

locals {
  # By what stands behind them; not derived from the endpoints, so that the vault's is there before the other services.
  private_dns_zone_names = merge(
    {
      apps          = "privatelink.azurewebsites.net"
      cosmos-db     = "privatelink.documents.azure.com"
      key-vault     = "privatelink.vaultcore.azure.net"
      openai        = "privatelink.openai.azure.com"
      redis         = var.redis_flavor == "managed" ? "privatelink.redis.azure.net" : "privatelink.redis.cache.windows.net"
      storage-blob  = "privatelink.blob.core.windows.net"
      storage-queue = "privatelink.queue.core.windows.net"
      storage-table = "privatelink.table.core.windows.net"
    },
    local.container_registry_is_private ? { container-registry = "privatelink.azurecr.io" } : {},
    var.service_bus_enabled ? { service-bus = "privatelink.servicebus.windows.net" } : {},
  )

  private_dns_zone_ids = {
    for service, zone in local.private_dns_zone_names : service => (
      var.existing_private_dns_zones_resource_group == null ? azurerm_private_dns_zone.this[service].id : data.azurerm_private_dns_zone.existing[service].id
    )
  }

  private_endpoints = merge(
    {
      redis = {
        resource_id = local.redis.id
        subresource = var.redis_flavor == "managed" ? "redisEnterprise" : "redisCache"
        zone        = "redis"
      }
      cosmos-db     = { resource_id = azurerm_cosmosdb_account.this.id, subresource = "Sql", zone = "cosmos-db" }
      openai        = { resource_id = azurerm_cognitive_account.openai.id, subresource = "account", zone = "openai" }
      storage-blob  = { resource_id = azurerm_storage_account.this.id, subresource = "blob", zone = "storage-blob" }
      storage-queue = { resource_id = azurerm_storage_account.this.id, subresource = "queue", zone = "storage-queue" }
      storage-table = { resource_id = azurerm_storage_account.this.id, subresource = "table", zone = "storage-table" }
      functions     = { resource_id = local.function_app.id, subresource = "sites", zone = "apps" }
      dashboard     = { resource_id = azurerm_linux_web_app.dashboard.id, subresource = "sites", zone = "apps" }
    },
    local.container_registry_is_private ? {
      container-registry = { resource_id = azurerm_container_registry.this[0].id, subresource = "registry", zone = "container-registry" }
    } : {},
    var.service_bus_enabled ? {
      service-bus = { resource_id = azurerm_servicebus_namespace.this[0].id, subresource = "namespace", zone = "service-bus" }
    } : {},
  )

  # A restored account's door stands beside that of the account before.
  private_endpoint_names = merge(
    { for service in keys(local.private_endpoints) : service => service },
    var.cosmosdb_account_name == null ? {} : { cosmos-db = "cosmos-db-${regex("r[0-9a-f]{4}$", var.cosmosdb_account_name)}" },
  )
}

resource "azurerm_private_dns_zone" "this" {
  for_each = var.existing_private_dns_zones_resource_group == null ? local.private_dns_zone_names : {}

  name                = each.value
  resource_group_name = azurerm_resource_group.this.name
  tags                = local.tags
}

data "azurerm_private_dns_zone" "existing" {
  for_each = var.existing_private_dns_zones_resource_group == null ? {} : local.private_dns_zone_names

  name                = each.value
  resource_group_name = var.existing_private_dns_zones_resource_group
}

resource "azurerm_private_dns_zone_virtual_network_link" "this" {
  for_each = azurerm_private_dns_zone.this

  name                = "link-${local.name}"
  private_dns_zone_id = each.value.id
  virtual_network_id  = local.network.id
  tags                = local.tags
}

resource "azurerm_private_endpoint" "this" {
  for_each = local.private_endpoints

  name                          = "pep-${local.private_endpoint_names[each.key]}-${local.name}"
  location                      = azurerm_resource_group.this.location
  resource_group_name           = azurerm_resource_group.this.name
  subnet_id                     = azurerm_subnet.this["private-endpoints"].id
  custom_network_interface_name = "nic-${local.private_endpoint_names[each.key]}-${local.name}"
  tags                          = local.tags

  private_service_connection {
    name                           = "psc-${each.key}"
    private_connection_resource_id = each.value.resource_id
    subresource_names              = [each.value.subresource]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = "default"
    private_dns_zone_ids = [local.private_dns_zone_ids[each.value.zone]]
  }

  depends_on = [
    azurerm_private_dns_zone_virtual_network_link.this,
    azurerm_subnet_network_security_group_association.this,
  ]
}

# The vault's door by itself: secrets and the encryption key are written through it before the other services exist.
resource "azurerm_private_endpoint" "key_vault" {
  name                          = "pep-key-vault-${local.name}"
  location                      = azurerm_resource_group.this.location
  resource_group_name           = azurerm_resource_group.this.name
  subnet_id                     = azurerm_subnet.this["private-endpoints"].id
  custom_network_interface_name = "nic-key-vault-${local.name}"
  tags                          = local.tags

  private_service_connection {
    name                           = "psc-key-vault"
    private_connection_resource_id = azurerm_key_vault.this.id
    subresource_names              = ["vault"]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = "default"
    private_dns_zone_ids = [local.private_dns_zone_ids["key-vault"]]
  }

  depends_on = [
    azurerm_private_dns_zone_virtual_network_link.this,
    azurerm_subnet_network_security_group_association.this,
  ]
}

# The detectors' environment stands in the network itself; its domain is known there alone.
resource "azurerm_private_dns_zone" "detectors" {
  count = local.detectors_are_private ? 1 : 0

  name                = azurerm_container_app_environment.this.default_domain
  resource_group_name = azurerm_resource_group.this.name
  tags                = local.tags
}

resource "azurerm_private_dns_zone_virtual_network_link" "detectors" {
  count = local.detectors_are_private ? 1 : 0

  name                = "link-${local.name}"
  private_dns_zone_id = azurerm_private_dns_zone.detectors[0].id
  virtual_network_id  = local.network.id
  tags                = local.tags
}

resource "azurerm_private_dns_a_record" "detectors" {
  count = local.detectors_are_private ? 1 : 0

  name                = "*"
  private_dns_zone_id = azurerm_private_dns_zone.detectors[0].id
  ttl                 = 300
  records             = [azurerm_container_app_environment.this.static_ip_address]
  tags                = local.tags
}
