# Azure OpenAI: the language model that writes contexts of alarms.

variable "openai_model_name" {
  description = "Model that writes contexts. gpt-4o-mini, as first specified, deploys only to subscriptions that had it before."
  type        = string
  default     = "gpt-5.4-mini"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]*$", var.openai_model_name))
    error_message = "openai_model_name must be a model's name, such as gpt-5.4-mini."
  }
}

variable "openai_model_version" {
  description = "Version of the model."
  type        = string
  default     = "2026-03-17"
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", var.openai_model_version))
    error_message = "openai_model_version must be a date, such as 2026-03-17."
  }
}

variable "openai_model_retires_on" {
  description = "Day on which Microsoft retires the model; an alert reminds you 120 days before."
  type        = string
  default     = "2027-03-18"
  nullable    = false

  validation {
    condition     = can(formatdate("YYYY", "${var.openai_model_retires_on}T00:00:00Z"))
    error_message = "openai_model_retires_on must be a date, such as 2027-03-18."
  }
}

variable "openai_model_deployment_name" {
  description = "Name of the deployment, which the detectors call (AZURE_OPENAI_DEPLOYMENT); null names it as the model."
  type        = string
  default     = null

  validation {
    condition     = var.openai_model_deployment_name == null || can(regex("^[a-zA-Z0-9][a-zA-Z0-9._-]{1,63}$", var.openai_model_deployment_name))
    error_message = "openai_model_deployment_name must be 2 to 64 letters, digits, dots, hyphens or underscores."
  }
}

variable "openai_sku_name" {
  description = "Where the model runs: Standard (this region), DataZoneStandard (the region's data zone) or GlobalStandard (anywhere). Newer models are GlobalStandard first."
  type        = string
  default     = "GlobalStandard"
  nullable    = false

  validation {
    condition     = contains(["Standard", "DataZoneStandard", "GlobalStandard"], var.openai_sku_name)
    error_message = "openai_sku_name must be Standard, DataZoneStandard or GlobalStandard: provisioned throughput does not pay for contexts."
  }
}

variable "openai_capacity" {
  description = "Thousands of tokens per minute."
  type        = number
  default     = 20
  nullable    = false

  validation {
    condition     = var.openai_capacity >= 1 && var.openai_capacity <= 10000 && floor(var.openai_capacity) == var.openai_capacity
    error_message = "openai_capacity must be a whole number from 1 to 10000."
  }
}

variable "openai_version_upgrade_option" {
  description = "When Azure may move the deployment to another version of the model."
  type        = string
  default     = "OnceCurrentVersionExpired"
  nullable    = false

  validation {
    condition     = contains(["OnceCurrentVersionExpired", "OnceNewDefaultVersionAvailable", "NoAutoUpgrade"], var.openai_version_upgrade_option)
    error_message = "openai_version_upgrade_option must be OnceCurrentVersionExpired, OnceNewDefaultVersionAvailable or NoAutoUpgrade."
  }
}
