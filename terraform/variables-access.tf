# Who gets in: operators, producers, the address that deploys.

variable "operator_access" {
  description = <<-EOT
    How operators reach Cosmos DB, storage, the vault, the registry and the detectors.
    private: through the virtual network only, from `trusted_network_ranges` (VPN, peering, a runner inside it).
    addresses: also over the internet, from `operator_ip_addresses` alone.
    Managed Redis knows no address list; see redis_public_network_access_enabled.
  EOT
  type        = string
  default     = "private"
  nullable    = false

  validation {
    condition     = contains(["private", "addresses"], var.operator_access)
    error_message = "operator_access must be private or addresses."
  }

  validation {
    condition     = var.operator_access == "private" || length(var.operator_ip_addresses) > 0
    error_message = "operator_access = \"addresses\" needs at least one address in operator_ip_addresses."
  }

  validation {
    condition     = var.operator_access == "private" || var.nat_gateway_enabled
    error_message = "operator_access = \"addresses\" needs nat_gateway_enabled: the functions' own address must be on the detectors' list."
  }
}

variable "operator_ip_addresses" {
  description = "Public IPv4 addresses of operators, each one address without a prefix length."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.operator_ip_addresses : can(cidrhost("${address}/32", 0))])
    error_message = "operator_ip_addresses must hold single IPv4 addresses, such as 203.0.113.7."
  }

  validation {
    condition = alltrue([
      for address in var.operator_ip_addresses :
      !can(regex("^(10\\.|127\\.|192\\.168\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|0\\.)", address))
    ])
    error_message = "operator_ip_addresses must be public: Azure's firewalls refuse private ranges and 0.0.0.0."
  }

  validation {
    condition     = length(distinct(var.operator_ip_addresses)) == length(var.operator_ip_addresses)
    error_message = "operator_ip_addresses must not repeat an address."
  }
}

variable "trusted_network_ranges" {
  description = "Private address ranges that operators and producers come from through the network: VPN clients, a peered hub, a gateway of Fabric."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for range in var.trusted_network_ranges : can(cidrhost(range, 0))])
    error_message = "trusted_network_ranges must hold address ranges, such as 10.0.0.0/24."
  }

  validation {
    condition     = alltrue([for range in var.trusted_network_ranges : can(regex("^(10\\.|192\\.168\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.)", range))])
    error_message = "trusted_network_ranges must be private; public addresses belong in operator_ip_addresses."
  }
}

variable "deployer_ip_addresses" {
  description = "Public IPv4 addresses that write the vault's secrets while deploying; [] where Terraform runs inside the network."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.deployer_ip_addresses : can(cidrhost("${address}/32", 0))])
    error_message = "deployer_ip_addresses must hold single IPv4 addresses, such as 203.0.113.7."
  }
}

variable "operator_object_ids" {
  description = "Entra object ids of operators or their groups: data roles on Redis, Cosmos DB, the detectors and storage."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.operator_object_ids : can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", id))])
    error_message = "operator_object_ids must hold object ids: UUIDs in lower case."
  }
}

variable "producer_object_ids" {
  description = "Entra object ids of what writes readings, such as the identity of the Fabric workspace: data role on Redis."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.producer_object_ids : can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", id))])
    error_message = "producer_object_ids must hold object ids: UUIDs in lower case."
  }

  validation {
    condition     = length(setintersection(var.producer_object_ids, var.operator_object_ids)) == 0
    error_message = "producer_object_ids must not name an operator: one identity has one assignment on Redis."
  }
}

variable "detector_audience" {
  description = "Audience (application id URI) of Entra tokens that the detectors accept beside their own token; null accepts none."
  type        = string
  default     = null

  validation {
    condition     = var.detector_audience == null || can(regex("^(api://[^\\s]+|https://[^\\s]+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$", var.detector_audience))
    error_message = "detector_audience must be an application id URI (api://… or https://…) or a client id."
  }
}

variable "detector_token_version" {
  description = "Raise by one to give the detectors a new bearer token."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.detector_token_version >= 1 && floor(var.detector_token_version) == var.detector_token_version
    error_message = "detector_token_version must be a whole number from 1 up."
  }
}
