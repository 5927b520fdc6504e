# Location, naming and what concerns every resource. The other variables stand by concern in variables-*.tf.

variable "location" {
  description = "Azure region of every regional resource."
  type        = string
  default     = "East US"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9 ]{2,40}$", var.location))
    error_message = "location must be the name of an Azure region, such as \"East US\" or \"norwayeast\"."
  }
}

variable "environment" {
  description = "Which environment this is; environments/environments.toml is the allow-list."
  type        = string
  default     = "prod"
  nullable    = false

  validation {
    condition     = contains(["dev", "stage", "prod", "perf"], var.environment)
    error_message = "environment must be one of dev, stage, prod, perf."
  }

  validation {
    condition     = contains(["default", var.environment], terraform.workspace)
    error_message = "The workspace must be named as the environment: this workspace holds the state of another one."
  }
}

variable "project_name" {
  description = "Name of the system; the middle of every resource's name."
  type        = string
  default     = "anomaly-detection"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*[a-z0-9]$", var.project_name))
    error_message = "project_name must be lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen."
  }

  validation {
    condition     = length(var.project_name) >= 3 && length(var.project_name) <= 20
    error_message = "project_name must have 3 to 20 characters: the longest names of Azure resources leave no room for more."
  }

  validation {
    condition     = !strcontains(var.project_name, "--")
    error_message = "project_name must not hold two hyphens in a row: Container Apps and Managed Redis refuse them."
  }
}

variable "subscription_id" {
  description = "Subscription to deploy to; null takes it from ARM_SUBSCRIPTION_ID."
  type        = string
  default     = null

  validation {
    condition     = var.subscription_id == null || can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", var.subscription_id))
    error_message = "subscription_id must be a UUID."
  }
}

variable "resource_providers_to_register" {
  description = "Resource providers that this module uses; [] where the platform team registers them and the deploying identity may not."
  type        = list(string)
  nullable    = false
  default = [
    "Microsoft.AlertsManagement",
    "Microsoft.App",
    "Microsoft.Cache",
    "Microsoft.CognitiveServices",
    "Microsoft.Consumption",
    "Microsoft.ContainerRegistry",
    "Microsoft.DocumentDB",
    "Microsoft.Insights",
    "Microsoft.KeyVault",
    "Microsoft.ManagedIdentity",
    "Microsoft.Network",
    "Microsoft.OperationalInsights",
    "Microsoft.Storage",
    "Microsoft.Web",
  ]

  validation {
    condition     = alltrue([for provider in var.resource_providers_to_register : startswith(provider, "Microsoft.")])
    error_message = "resource_providers_to_register must hold namespaces such as Microsoft.Cache."
  }
}

variable "owner" {
  description = "Team or person who answers for the system; the tag `owner`."
  type        = string
  default     = "injection-site"
  nullable    = false

  validation {
    condition     = length(trimspace(var.owner)) > 0 && length(var.owner) <= 256
    error_message = "owner must be 1 to 256 characters: it is the tag that says whom to ask."
  }
}

variable "cost_center" {
  description = "Where the cost is booked; the tag `cost_center`."
  type        = string
  default     = "operations"
  nullable    = false

  validation {
    condition     = length(trimspace(var.cost_center)) > 0 && length(var.cost_center) <= 256
    error_message = "cost_center must be 1 to 256 characters: it is the tag that the cost report groups by."
  }
}

variable "additional_tags" {
  description = "Tags besides environment, owner, cost_center, project and managed_by, which cannot be overridden here."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setintersection(keys(var.additional_tags), ["environment", "owner", "cost_center", "project", "managed_by"])) == 0
    error_message = "additional_tags must not hold environment, owner, cost_center, project or managed_by: they have variables of their own."
  }

  validation {
    condition     = length(var.additional_tags) <= 10
    error_message = "additional_tags must hold 10 tags at most: some resources take only 15 in all."
  }
}

variable "retention_hours" {
  description = "How long the window of live readings in Redis is, in hours."
  type        = number
  default     = 24
  nullable    = false

  validation {
    condition     = var.retention_hours >= 1 && var.retention_hours <= 168 && floor(var.retention_hours) == var.retention_hours
    error_message = "retention_hours must be a whole number from 1 to 168."
  }
}

variable "access_keys_enabled" {
  description = <<-EOT
    Whether Redis, Cosmos DB and Azure OpenAI also accept access keys.
    false: Entra signs everybody in, the connection strings hold no key and the key outputs are null.
    true: for producers that cannot sign in with Entra; the keys are then in the vault, the state and the sensitive outputs.
  EOT
  type        = bool
  default     = false
  nullable    = false
}

variable "zone_redundancy_enabled" {
  description = "Whether what can be is spread over the region's availability zones."
  type        = bool
  default     = false
  nullable    = false
}
