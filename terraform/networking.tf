# The network that readings travel through: subnets by what stands in them. Rules between them: network-rules.tf;
# the doors of the services: private-endpoints.tf.

data "azurerm_virtual_network" "existing" {
  count = var.existing_virtual_network == null ? 0 : 1

  name                = var.existing_virtual_network.name
  resource_group_name = var.existing_virtual_network.resource_group_name
}

resource "azurerm_network_ddos_protection_plan" "this" {
  count = var.ddos_protection_plan_enabled ? 1 : 0

  name                = "ddos-${local.name}"
  location            = azurerm_resource_group.this.location
  resource_group_name = azurerm_resource_group.this.name
  tags                = local.tags
}

resource "azurerm_virtual_network" "this" {
  count = var.existing_virtual_network == null ? 1 : 0

  name                = "vnet-${local.name}"
  location            = azurerm_resource_group.this.location
  resource_group_name = azurerm_resource_group.this.name
  address_space       = [var.vnet_address_space]
  tags                = local.tags

  dynamic "ddos_protection_plan" {
    for_each = azurerm_network_ddos_protection_plan.this

    content {
      id     = ddos_protection_plan.value.id
      enable = true
    }
  }
}

locals {
  # One subnet per thing that wants one to itself. A plan of App Service and an environment of Container Apps each
  # take a subnet whole, and delegate it.
  app_subnet_range              = cidrsubnet(var.vnet_address_space, 4, 1)
  container_apps_subnet_range   = cidrsubnet(var.vnet_address_space, 4, 2)
  private_endpoint_subnet_range = cidrsubnet(var.vnet_address_space, 4, 3)
  functions_subnet_range        = cidrsubnet(var.vnet_address_space, 4, 4)

  subnets = merge(
    {
      # The dashboard, and the functions where they share its plan.
      app               = { range = local.app_subnet_range, delegation = "Microsoft.Web/serverFarms" }
      container-apps    = { range = local.container_apps_subnet_range, delegation = "Microsoft.App/environments" }
      private-endpoints = { range = local.private_endpoint_subnet_range, delegation = null }
    },
    var.functions_plan == "dedicated" ? {} : {
      functions = {
        range      = local.functions_subnet_range
        delegation = var.functions_plan == "flex" ? "Microsoft.App/environments" : "Microsoft.Web/serverFarms"
      }
    },
  )

  delegated_actions = {
    "Microsoft.Web/serverFarms"  = ["Microsoft.Network/virtualNetworks/subnets/action"]
    "Microsoft.App/environments" = ["Microsoft.Network/virtualNetworks/subnets/join/action"]
  }

  functions_subnet = var.functions_plan == "dedicated" ? "app" : "functions"

  network = var.existing_virtual_network == null ? {
    id                  = azurerm_virtual_network.this[0].id
    name                = azurerm_virtual_network.this[0].name
    resource_group_name = azurerm_resource_group.this.name
    } : {
    id                  = data.azurerm_virtual_network.existing[0].id
    name                = var.existing_virtual_network.name
    resource_group_name = var.existing_virtual_network.resource_group_name
  }
}

resource "azurerm_subnet" "this" {
  for_each = local.subnets

  name                 = "snet-${each.key}"
  resource_group_name  = local.network.resource_group_name
  virtual_network_name = local.network.name
  address_prefixes     = [each.value.range]

  # Rules hold for private endpoints as well, and nothing leaves by an address that Azure happens to lend.
  private_endpoint_network_policies = "Enabled"
  default_outbound_access_enabled   = false

  dynamic "delegation" {
    for_each = each.value.delegation == null ? [] : [each.value.delegation]

    content {
      name = "delegation"

      service_delegation {
        name    = delegation.value
        actions = local.delegated_actions[delegation.value]
      }
    }
  }
}
