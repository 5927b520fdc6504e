# The dashboard and its App Service plan.

variable "app_service_sku_tier" {
  description = "Tier of the App Service plan; must be the one that app_service_sku_size belongs to."
  type        = string
  default     = "Basic"
  nullable    = false

  validation {
    condition     = contains(["Basic", "Standard", "PremiumV3", "PremiumV4"], var.app_service_sku_tier)
    error_message = "app_service_sku_tier must be Basic, Standard, PremiumV3 or PremiumV4."
  }
}

variable "app_service_sku_size" {
  description = "Size of the App Service plan that runs the dashboard, and the functions where functions_plan is dedicated."
  type        = string
  default     = "B1"
  nullable    = false

  validation {
    condition     = contains(["B1", "B2", "B3", "S1", "S2", "S3", "P0v3", "P1v3", "P2v3", "P3v3", "P0v4", "P1v4", "P2v4", "P3v4"], var.app_service_sku_size)
    error_message = "app_service_sku_size must be B1 to B3, S1 to S3, P0v3 to P3v3 or P0v4 to P3v4."
  }

  validation {
    condition = (
      var.app_service_sku_tier == "Basic" ? startswith(var.app_service_sku_size, "B") :
      var.app_service_sku_tier == "Standard" ? startswith(var.app_service_sku_size, "S") :
      var.app_service_sku_tier == "PremiumV3" ? endswith(var.app_service_sku_size, "v3") :
      endswith(var.app_service_sku_size, "v4")
    )
    error_message = "app_service_sku_size must belong to app_service_sku_tier."
  }
}

variable "app_service_worker_count" {
  description = "Instances of the App Service plan; the least of them where it scales by itself."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.app_service_worker_count >= 1 && var.app_service_worker_count <= 30 && floor(var.app_service_worker_count) == var.app_service_worker_count
    error_message = "app_service_worker_count must be a whole number from 1 to 30."
  }

  validation {
    condition     = var.app_service_sku_tier != "Basic" || var.app_service_worker_count <= 3
    error_message = "app_service_worker_count must be 3 at most on the Basic tier."
  }
}

variable "app_service_autoscale_enabled" {
  description = "Whether the App Service plan scales by CPU, memory and the queue's lag; from the Standard tier up."
  type        = bool
  default     = false
  nullable    = false
}

variable "app_service_maximum_workers" {
  description = "How far the App Service plan scales out."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.app_service_maximum_workers >= var.app_service_worker_count && var.app_service_maximum_workers <= 30
    error_message = "app_service_maximum_workers must be from app_service_worker_count to 30."
  }
}

variable "dashboard_auth_client_id" {
  description = <<-EOT
    Client id of the Entra application that signs people in to the dashboard.
    null: nobody is signed in, and only operator_ip_addresses, the private network and Front Door get to it.
    The application needs a federated credential for the dashboard's identity; no client secret is used.
  EOT
  type        = string
  default     = null

  validation {
    condition     = var.dashboard_auth_client_id == null || can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", var.dashboard_auth_client_id))
    error_message = "dashboard_auth_client_id must be a client id: a UUID in lower case."
  }
}

variable "dashboard_custom_domain" {
  description = "Host name of the dashboard, with a certificate that Azure manages; null keeps azurewebsites.net. Its CNAME and asuid records must exist first."
  type        = string
  default     = null

  validation {
    condition     = var.dashboard_custom_domain == null || can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.dashboard_custom_domain))
    error_message = "dashboard_custom_domain must be a host name in lower case, such as wells.example.com."
  }
}
