# Cosmos DB: verdicts, episodes and what operators did with them.

variable "cosmosdb_offer_type" {
  description = "Offer type of the Cosmos DB account."
  type        = string
  default     = "Standard"
  nullable    = false

  validation {
    condition     = var.cosmosdb_offer_type == "Standard"
    error_message = "cosmosdb_offer_type must be Standard, the only one that there is."
  }
}

variable "cosmosdb_consistency_level" {
  description = "Consistency level of the Cosmos DB account."
  type        = string
  default     = "Session"
  nullable    = false

  validation {
    condition     = contains(["Strong", "BoundedStaleness", "Session"], var.cosmosdb_consistency_level)
    error_message = "cosmosdb_consistency_level must be Strong, BoundedStaleness or Session: an operator must see what they just did."
  }
}

variable "cosmosdb_backup_tier" {
  description = "How far back Cosmos DB can be restored to any second: Continuous7Days or Continuous30Days."
  type        = string
  default     = "Continuous30Days"
  nullable    = false

  validation {
    condition     = contains(["Continuous7Days", "Continuous30Days"], var.cosmosdb_backup_tier)
    error_message = "cosmosdb_backup_tier must be Continuous7Days or Continuous30Days."
  }
}

variable "secondary_location" {
  description = <<-EOT
    Second region that Cosmos DB fails over to; null for one region.
    Serverless accounts have one region for ever, so a second one means provisioned autoscale throughput. Decide before the first
    deployment: changing it later replaces the account, which its protection refuses.
  EOT
  type        = string
  default     = null

  validation {
    condition     = var.secondary_location == null || replace(lower(coalesce(var.secondary_location, "-")), " ", "") != replace(lower(var.location), " ", "")
    error_message = "secondary_location must be another region than location."
  }

  validation {
    condition     = var.secondary_location == null || var.cosmosdb_consistency_level != "Strong"
    error_message = "secondary_location with cosmosdb_consistency_level = \"Strong\" would make every write wait for the other region; take Session."
  }
}

variable "cosmosdb_max_throughput" {
  description = "Highest request units per second of each container, where secondary_location makes the account a provisioned one."
  type        = number
  default     = 1000
  nullable    = false

  validation {
    condition     = var.cosmosdb_max_throughput >= 1000 && var.cosmosdb_max_throughput % 1000 == 0
    error_message = "cosmosdb_max_throughput must be a multiple of 1000, from 1000 up."
  }
}

variable "cosmosdb_account_name" {
  description = <<-EOT
    Name of the Cosmos DB account after a restore; null for the name that the project gives.
    `anomalyctl restore cosmos` keeps it, and every plan of anomalyctl's takes it from the state. By hand it changes nothing but what
    Terraform expects: another name replaces the account, which its protection refuses.
  EOT
  type        = string
  default     = null

  validation {
    condition     = var.cosmosdb_account_name == null || can(regex("^[a-z0-9][a-z0-9-]{1,37}-r[0-9a-f]{4}$", var.cosmosdb_account_name))
    error_message = "cosmosdb_account_name must be at most 44 lower-case letters, digits and hyphens that end in -r and four hexadecimal digits, as restored accounts do."
  }
}
