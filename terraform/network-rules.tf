# Who may speak to whom. Each subnet has a security group that denies everything and opens only the steps of one reading:
# functions → detectors, functions and dashboard → Redis, Cosmos DB, vault and storage.

locals {
  sender_ranges = concat(
    [local.app_subnet_range],
    var.functions_plan == "dedicated" ? [] : [local.functions_subnet_range],
  )
  admitted_ranges_to_detectors = concat(
    var.trusted_network_ranges,
    var.operator_access == "addresses" ? concat(var.operator_ip_addresses, azurerm_public_ip.nat[*].ip_address) : [],
  )
  redis_port = var.redis_flavor == "managed" ? "10000" : "6380"

  # What every delegated subnet sends: to our own network, and to the Azure services that have no private endpoint.
  outbound_rules = {
    to-private-endpoints = { priority = 100, destination = local.private_endpoint_subnet_range, ports = ["443", local.redis_port] }
    to-detectors         = { priority = 110, destination = local.container_apps_subnet_range, ports = ["443"] }
    to-entra             = { priority = 120, destination = "AzureActiveDirectory", ports = ["443"] }
    to-monitor           = { priority = 130, destination = "AzureMonitor", ports = ["443"] }
    # Extension bundles of the functions and layers of base images come from Azure's own network.
    to-azure      = { priority = 140, destination = "AzureCloud", ports = ["443"] }
    to-front-door = { priority = 150, destination = "AzureFrontDoor.FirstParty", ports = ["443"] }
    to-dns        = { priority = 160, destination = "168.63.129.16", ports = ["53"], protocol = "*" }
  }

  inbound_rules = {
    # App Service's and Flex Consumption's subnets only send.
    app       = {}
    functions = {}

    container-apps = merge(
      {
        from-senders       = { priority = 100, sources = local.sender_ranges, ports = ["443"] }
        from-load-balancer = { priority = 110, sources = ["AzureLoadBalancer"], ports = ["30000-32767"] }
        within             = { priority = 120, sources = [local.container_apps_subnet_range], ports = ["0-65535"], protocol = "*" }
      },
      length(local.admitted_ranges_to_detectors) == 0 ? {} : {
        from-operators = { priority = 130, sources = local.admitted_ranges_to_detectors, ports = ["443"] }
      },
    )

    private-endpoints = merge(
      {
        from-senders = {
          priority = 100
          sources  = concat(local.sender_ranges, [local.container_apps_subnet_range])
          ports    = ["443", local.redis_port]
        }
      },
      # Operators and producers that come through the network: VPN, peering, a gateway of Fabric.
      length(var.trusted_network_ranges) == 0 ? {} : {
        from-trusted-networks = { priority = 110, sources = var.trusted_network_ranges, ports = ["443", local.redis_port] }
      },
    )
  }

  network_rules = merge([
    for subnet in keys(local.subnets) : {
      for rule in concat(
        [for name, rule in local.inbound_rules[subnet] : merge({ protocol = "Tcp" }, rule, { name = name, direction = "Inbound", access = "Allow", destinations = ["*"] })],
        [{ name = "deny-everything-else-in", direction = "Inbound", access = "Deny", priority = 4096, protocol = "*", sources = ["*"], ports = ["*"], destinations = ["*"] }],
        subnet == "private-endpoints" ? [] : [
          for name, rule in local.outbound_rules :
          merge({ protocol = "Tcp" }, rule, { name = name, direction = "Outbound", access = "Allow", sources = ["*"], destinations = [rule.destination] })
        ],
        subnet == "container-apps" ? [{
          name    = "within-out", direction = "Outbound", access = "Allow", priority = 170, protocol = "*"
          sources = [local.container_apps_subnet_range], ports = ["0-65535"], destinations = [local.container_apps_subnet_range]
        }] : [],
        [{ name = "deny-everything-else-out", direction = "Outbound", access = "Deny", priority = 4096, protocol = "*", sources = ["*"], ports = ["*"], destinations = ["*"] }],
      ) : "${subnet}/${rule.name}" => merge(rule, { subnet = subnet })
    }
  ]...)
}

resource "azurerm_network_security_group" "this" {
  for_each = local.subnets

  name                = "nsg-${each.key}-${local.name}"
  location            = azurerm_resource_group.this.location
  resource_group_name = azurerm_resource_group.this.name
  tags                = local.tags
}

resource "azurerm_network_security_rule" "this" {
  for_each = local.network_rules

  name                        = each.value.name
  resource_group_name         = azurerm_resource_group.this.name
  network_security_group_name = azurerm_network_security_group.this[each.value.subnet].name
  priority                    = each.value.priority
  direction                   = each.value.direction
  access                      = each.value.access
  protocol                    = each.value.protocol
  source_port_range           = "*"

  # The provider takes one of a pair: the singular for a service tag or "*", the plural for ranges.
  source_address_prefix      = length(each.value.sources) == 1 ? each.value.sources[0] : null
  source_address_prefixes    = length(each.value.sources) == 1 ? null : each.value.sources
  destination_address_prefix = each.value.destinations[0]
  destination_port_range     = length(each.value.ports) == 1 ? each.value.ports[0] : null
  destination_port_ranges    = length(each.value.ports) == 1 ? null : each.value.ports
}

resource "azurerm_subnet_network_security_group_association" "this" {
  for_each = local.subnets

  subnet_id                 = azurerm_subnet.this[each.key].id
  network_security_group_id = azurerm_network_security_group.this[each.key].id

  # Rules first: a subnet without its rules would be shut, or open, for the time in between.
  depends_on = [azurerm_network_security_rule.this]
}
