# What the platform offers besides; each is off because it costs.

variable "front_door_enabled" {
  description = "Whether Azure Front Door with a web application firewall stands before the dashboard."
  type        = bool
  default     = false
  nullable    = false
}

variable "front_door_rate_limit" {
  description = "Requests from one address within a minute above which Front Door refuses more."
  type        = number
  default     = 600
  nullable    = false

  validation {
    condition     = var.front_door_rate_limit >= 100 && var.front_door_rate_limit <= 5000
    error_message = "front_door_rate_limit must be from 100 to 5000: the dashboard alone asks every ten seconds."
  }
}

variable "storage_replication_type" {
  description = "How the storage account is copied: LRS, ZRS, GRS, RAGRS, GZRS or RAGZRS."
  type        = string
  default     = "ZRS"
  nullable    = false

  validation {
    condition     = contains(["LRS", "ZRS", "GRS", "RAGRS", "GZRS", "RAGZRS"], var.storage_replication_type)
    error_message = "storage_replication_type must be LRS, ZRS, GRS, RAGRS, GZRS or RAGZRS."
  }

  validation {
    condition     = !var.zone_redundancy_enabled || strcontains(var.storage_replication_type, "ZRS")
    error_message = "storage_replication_type must be ZRS, GZRS or RAGZRS where zone_redundancy_enabled is on."
  }
}

variable "storage_lifecycle_enabled" {
  description = "Whether recordings move to cooler storage after 30 days and go after recordings_retention_days."
  type        = bool
  default     = false
  nullable    = false
}

variable "recordings_retention_days" {
  description = "How long recordings are kept where storage_lifecycle_enabled is on, in days."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = var.recordings_retention_days > 90 && floor(var.recordings_retention_days) == var.recordings_retention_days
    error_message = "recordings_retention_days must be a whole number above 90: cold storage is paid for 90 days anyway."
  }
}

variable "service_bus_enabled" {
  description = "Whether a Service Bus queue takes requests for replays that must not be lost."
  type        = bool
  default     = false
  nullable    = false
}

variable "service_bus_capacity" {
  description = "Messaging units of the Service Bus namespace, which is Premium so that it can be private."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = contains([1, 2, 4, 8, 16], var.service_bus_capacity)
    error_message = "service_bus_capacity must be 1, 2, 4, 8 or 16."
  }
}

variable "required_tags_policy_enabled" {
  description = "Whether Azure Policy refuses resources without our tags in the resource group."
  type        = bool
  default     = false
  nullable    = false
}

variable "chaos_targets_enabled" {
  description = "Whether Azure Chaos Studio may stop the functions and close the network, to rehearse failures."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !var.chaos_targets_enabled || var.environment != "prod"
    error_message = "chaos_targets_enabled must be off in prod: rehearse in stage."
  }
}

variable "customer_managed_keys_enabled" {
  description = "Whether storage, Redis, Cosmos DB, Azure OpenAI, Service Bus and the registry are encrypted with a key of ours. Decide before the first deployment: some are replaced by the change."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !var.customer_managed_keys_enabled || var.redis_flavor == "managed"
    error_message = "customer_managed_keys_enabled needs redis_flavor = \"managed\": Azure Cache for Redis Premium takes no key of ours."
  }
}
