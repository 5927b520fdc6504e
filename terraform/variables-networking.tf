# The virtual network and what is brought along instead of being created.

variable "vnet_address_space" {
  description = "Address range of the virtual network; room for five subnets of /24 (see networking.tf)."
  type        = string
  default     = "10.20.0.0/20"
  nullable    = false

  validation {
    condition     = can(cidrhost(var.vnet_address_space, 0))
    error_message = "vnet_address_space must be an address range, such as 10.20.0.0/20."
  }

  validation {
    condition     = can(cidrsubnet(var.vnet_address_space, 4, 15)) && try(tonumber(split("/", var.vnet_address_space)[1]) <= 21, false)
    error_message = "vnet_address_space must be /21 or larger: the subnets are sixteenths of it, and Container Apps needs a /27, App Service a /26."
  }

  validation {
    condition     = can(regex("^(10\\.|192\\.168\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.)", var.vnet_address_space))
    error_message = "vnet_address_space must be private."
  }
}

variable "existing_virtual_network" {
  description = "A virtual network of the platform team to put the subnets into; null creates one. vnet_address_space is then the part of it that is ours."
  type        = object({ name = string, resource_group_name = string })
  default     = null
}

variable "existing_private_dns_zones_resource_group" {
  description = "Resource group that holds the privatelink zones already (a hub); null creates and links them."
  type        = string
  default     = null
}

variable "existing_log_analytics_workspace" {
  description = "A Log Analytics workspace to send everything to; null creates one."
  type        = object({ name = string, resource_group_name = string })
  default     = null
}

variable "existing_container_registry" {
  description = "A container registry to pull the detectors' image from; null creates one."
  type        = object({ name = string, resource_group_name = string })
  default     = null
}

variable "nat_gateway_enabled" {
  description = "Whether everything leaves the network from one fixed address."
  type        = bool
  default     = false
  nullable    = false
}

variable "ddos_protection_plan_enabled" {
  description = "Whether a DDoS protection plan of its own covers the network (about 3,000 USD a month)."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !var.ddos_protection_plan_enabled || var.existing_virtual_network == null
    error_message = "ddos_protection_plan_enabled needs a network of ours: the plan of an existing one is the platform team's."
  }
}
