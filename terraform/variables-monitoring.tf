# Logs, alerts and the budget.

variable "log_retention_days" {
  description = "How long logs are kept, in days."
  type        = number
  default     = 90
  nullable    = false

  validation {
    condition     = var.log_retention_days >= 30 && var.log_retention_days <= 730 && floor(var.log_retention_days) == var.log_retention_days
    error_message = "log_retention_days must be a whole number from 30 to 730."
  }
}

variable "log_daily_quota_gb" {
  description = "Gigabytes of logs a day after which the workspace takes no more until the next day; -1 for no limit."
  type        = number
  default     = -1
  nullable    = false

  validation {
    condition     = var.log_daily_quota_gb == -1 || var.log_daily_quota_gb >= 0.023
    error_message = "log_daily_quota_gb must be -1 or at least 0.023."
  }
}

variable "application_insights_sampling_percentage" {
  description = "Share of the telemetry that Application Insights keeps, in percent."
  type        = number
  default     = 100
  nullable    = false

  validation {
    condition     = var.application_insights_sampling_percentage > 0 && var.application_insights_sampling_percentage <= 100
    error_message = "application_insights_sampling_percentage must be above 0 and at most 100."
  }
}

variable "activity_log_enabled" {
  description = "Whether the subscription's activity log goes to the workspace; false where the platform team sends it already."
  type        = bool
  default     = true
  nullable    = false
}

variable "alerts_enabled" {
  description = "Whether the alert rules are on; off while an environment rests."
  type        = bool
  default     = true
  nullable    = false
}

variable "daily_report_enabled" {
  description = "Whether the batch job reports the day before, after its other work, and the report is mailed to warning_alert_emails."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !var.daily_report_enabled || (var.batch_job_enabled && var.batch_job_cron != null)
    error_message = "daily_report_enabled needs batch_job_enabled and batch_job_cron: the job writes the report."
  }
}

variable "critical_alert_emails" {
  description = "Mail addresses of who is called when the system does not work."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.critical_alert_emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", address))])
    error_message = "critical_alert_emails must hold mail addresses."
  }
}

variable "warning_alert_emails" {
  description = "Mail addresses of who is told when something will soon not work."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.warning_alert_emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", address))])
    error_message = "warning_alert_emails must hold mail addresses."
  }
}

variable "critical_alert_phones" {
  description = "Telephones that get a text message with a critical alert: by name, the country code and the number, digits only."
  type        = map(object({ country_code = string, phone_number = string }))
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for phone in var.critical_alert_phones : can(regex("^[0-9]{1,4}$", phone.country_code)) && can(regex("^[0-9]{4,15}$", phone.phone_number))])
    error_message = "critical_alert_phones must hold a country_code of 1 to 4 digits and a phone_number of 4 to 15 digits."
  }
}

variable "critical_alert_webhooks" {
  description = "Addresses that critical alerts are posted to (PagerDuty, Slack): by name. They often hold a token, so they are sensitive."
  type        = map(string)
  default     = {}
  nullable    = false
  sensitive   = true

  validation {
    condition     = alltrue([for address in var.critical_alert_webhooks : startswith(address, "https://")])
    error_message = "critical_alert_webhooks must hold https addresses."
  }
}

variable "dead_letter_threshold" {
  description = "Readings refused within 15 minutes above which the alert is raised."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = var.dead_letter_threshold >= 0 && floor(var.dead_letter_threshold) == var.dead_letter_threshold
    error_message = "dead_letter_threshold must be a whole number from 0 up."
  }
}

variable "silence_threshold_seconds" {
  description = "Seconds without a reading after which the alert is raised."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.silence_threshold_seconds >= 30 && var.silence_threshold_seconds <= 86400
    error_message = "silence_threshold_seconds must be from 30 (three readings) to 86400."
  }
}

variable "budget_monthly_amount" {
  description = "Budget of the resource group for a month, in the subscription's currency; null for none."
  type        = number
  default     = 1000

  validation {
    condition     = var.budget_monthly_amount == null || try(var.budget_monthly_amount > 0, false)
    error_message = "budget_monthly_amount must be above 0."
  }
}
