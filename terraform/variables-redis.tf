# Redis: the queue and the window of live readings.

variable "redis_flavor" {
  description = <<-EOT
    Which Redis service holds the readings.
    managed: Azure Managed Redis.
    cache_premium: Azure Cache for Redis Premium, as first specified. Closed to new tenants since April 2026 and switched off in
    October 2028; only for tenants that had one before.
  EOT
  type        = string
  default     = "managed"
  nullable    = false

  validation {
    condition     = contains(["managed", "cache_premium"], var.redis_flavor)
    error_message = "redis_flavor must be managed or cache_premium."
  }
}

variable "managed_redis_sku_name" {
  description = "Size of Azure Managed Redis; Balanced_B5 is what a Premium P1 was. Up to 24 GB, because the queue and the window are written in one transaction."
  type        = string
  default     = "Balanced_B5"
  nullable    = false

  validation {
    condition = contains([
      "Balanced_B0", "Balanced_B1", "Balanced_B3", "Balanced_B5", "Balanced_B10", "Balanced_B20",
      "MemoryOptimized_M10", "MemoryOptimized_M20",
      "ComputeOptimized_X3", "ComputeOptimized_X5", "ComputeOptimized_X10", "ComputeOptimized_X20",
    ], var.managed_redis_sku_name)
    error_message = "managed_redis_sku_name must be a size of at most 24 GB: Balanced_B0 to B20, MemoryOptimized_M10 or M20, ComputeOptimized_X3 to X20."
  }
}

variable "managed_redis_high_availability_enabled" {
  description = "Whether a replica stands by, in another zone where the region has them. Changing it makes a new Redis, without its data."
  type        = bool
  default     = true
  nullable    = false
}

variable "redis_persistence" {
  description = "How Managed Redis keeps its data on disk: rdb (hourly snapshots), aof (every second) or off."
  type        = string
  default     = "aof"
  nullable    = false

  validation {
    condition     = contains(["rdb", "aof", "off"], var.redis_persistence)
    error_message = "redis_persistence must be rdb, aof or off."
  }

  validation {
    condition     = var.redis_persistence != "off" || !contains(["stage", "prod"], var.environment)
    error_message = "redis_persistence must not be off in stage and prod: the queue holds readings that nobody has judged yet."
  }
}

variable "redis_sku_name" {
  description = "Tier of Azure Cache for Redis; only where redis_flavor is cache_premium."
  type        = string
  default     = "Premium"
  nullable    = false

  validation {
    condition     = var.redis_sku_name == "Premium"
    error_message = "redis_sku_name must be Premium: the others have neither persistence nor a private network."
  }
}

variable "redis_family" {
  description = "Family of Azure Cache for Redis; only where redis_flavor is cache_premium."
  type        = string
  default     = "P"
  nullable    = false

  validation {
    condition     = var.redis_family == "P"
    error_message = "redis_family must be P, the family of the Premium tier."
  }
}

variable "redis_capacity" {
  description = "Size of Azure Cache for Redis, 1 (6 GB) to 5 (120 GB); only where redis_flavor is cache_premium."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = contains([1, 2, 3, 4, 5], var.redis_capacity)
    error_message = "redis_capacity must be 1, 2, 3, 4 or 5."
  }
}

variable "redis_public_network_access_enabled" {
  description = "Whether Redis is also reachable from the internet. Azure Cache for Redis admits operator_ip_addresses alone; Managed Redis has no address list, only sign-in."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !(var.redis_public_network_access_enabled && var.access_keys_enabled)
    error_message = "redis_public_network_access_enabled needs access_keys_enabled = false: from the internet nobody enters with a key."
  }

  validation {
    condition     = !var.redis_public_network_access_enabled || var.redis_flavor == "managed" || length(var.operator_ip_addresses) > 0
    error_message = "redis_public_network_access_enabled with cache_premium needs operator_ip_addresses: without a list everybody could try."
  }
}

variable "redis_pool_size" {
  description = "Connections to Redis of one process (REDIS_POOL_SIZE)."
  type        = number
  default     = 16
  nullable    = false

  validation {
    condition     = var.redis_pool_size >= 1 && var.redis_pool_size <= 1000 && floor(var.redis_pool_size) == var.redis_pool_size
    error_message = "redis_pool_size must be a whole number from 1 to 1000."
  }
}

variable "redis_connect_timeout_ms" {
  description = "How long a process waits for a connection to Redis, in milliseconds (REDIS_CONNECT_TIMEOUT_MS)."
  type        = number
  default     = 5000
  nullable    = false

  validation {
    condition     = var.redis_connect_timeout_ms >= 100 && var.redis_connect_timeout_ms <= 60000 && floor(var.redis_connect_timeout_ms) == var.redis_connect_timeout_ms
    error_message = "redis_connect_timeout_ms must be a whole number from 100 to 60000."
  }
}
