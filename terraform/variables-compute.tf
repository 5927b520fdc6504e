# What runs: functions, detectors, dashboard, and the batch job.

variable "functions_plan" {
  description = <<-EOT
    Which plan runs the functions.
    dedicated: the dashboard's App Service plan; the Redis trigger rings.
    elastic: an Elastic Premium plan of their own; the Redis trigger rings.
    flex: Flex Consumption, paid per execution as first specified. It has no Redis trigger: the sweep alone drains the queue.
  EOT
  type        = string
  default     = "dedicated"
  nullable    = false

  validation {
    condition     = contains(["dedicated", "elastic", "flex"], var.functions_plan)
    error_message = "functions_plan must be dedicated, elastic or flex: the Consumption plan has neither a Redis trigger nor a virtual network."
  }
}

variable "functions_elastic_sku_size" {
  description = "Size of the Elastic Premium plan; only where functions_plan is elastic."
  type        = string
  default     = "EP1"
  nullable    = false

  validation {
    condition     = contains(["EP1", "EP2", "EP3"], var.functions_elastic_sku_size)
    error_message = "functions_elastic_sku_size must be EP1, EP2 or EP3."
  }
}

variable "functions_maximum_instances" {
  description = "How far the functions scale out on an elastic or flex plan."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.functions_maximum_instances >= 1 && var.functions_maximum_instances <= 20 && floor(var.functions_maximum_instances) == var.functions_maximum_instances
    error_message = "functions_maximum_instances must be a whole number from 1 to 20."
  }
}

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

variable "container_apps_cpu" {
  description = "CPU cores of one replica of the detectors."
  type        = number
  default     = 0.5
  nullable    = false

  validation {
    condition     = contains([0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4], var.container_apps_cpu)
    error_message = "container_apps_cpu must be 0.25 to 2 in steps of a quarter, or 2.5, 3, 3.5, 4."
  }
}

variable "container_apps_memory" {
  description = "Memory of one replica of the detectors; two gibibytes for each core."
  type        = string
  default     = "1Gi"
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]+(\\.[0-9]+)?Gi$", var.container_apps_memory))
    error_message = "container_apps_memory must be a number of gibibytes, such as 1Gi or 1.5Gi."
  }

  validation {
    condition     = try(tonumber(trimsuffix(var.container_apps_memory, "Gi")) == 2 * var.container_apps_cpu, false)
    error_message = "container_apps_memory must be twice container_apps_cpu: Container Apps takes no other pair."
  }
}

variable "container_apps_min_replicas" {
  description = "Fewest replicas of the detectors."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.container_apps_min_replicas >= 1 && floor(var.container_apps_min_replicas) == var.container_apps_min_replicas
    error_message = "container_apps_min_replicas must be a whole number from 1 up: a verdict may not wait for a start."
  }
}

variable "container_apps_max_replicas" {
  description = "Most replicas of the detectors."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.container_apps_max_replicas <= 30 && floor(var.container_apps_max_replicas) == var.container_apps_max_replicas
    error_message = "container_apps_max_replicas must be a whole number of at most 30."
  }

  validation {
    condition     = var.container_apps_max_replicas >= var.container_apps_min_replicas
    error_message = "container_apps_max_replicas must not be below container_apps_min_replicas."
  }
}

variable "detectors_image_tag" {
  description = "Commit that the detectors' image in the registry was built from; null until the first image is there (a placeholder answers meanwhile)."
  type        = string
  default     = null

  validation {
    condition     = var.detectors_image_tag == null || can(regex("^[0-9a-f]{7,40}$", var.detectors_image_tag))
    error_message = "detectors_image_tag must be a commit (7 to 40 hexadecimal digits): `latest` says not what runs."
  }
}

variable "container_registry_sku" {
  description = "Tier of the container registry. Premium alone has private endpoints and an address list; the others admit signed-in callers from anywhere."
  type        = string
  default     = "Premium"
  nullable    = false

  validation {
    condition     = contains(["Basic", "Standard", "Premium"], var.container_registry_sku)
    error_message = "container_registry_sku must be Basic, Standard or Premium."
  }

  validation {
    condition     = var.container_registry_sku == "Premium" || !contains(["stage", "prod"], var.environment)
    error_message = "container_registry_sku must be Premium in stage and prod: the other tiers cannot be closed to the internet."
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

variable "detectors_custom_domain" {
  description = "Host name of the detectors, with a certificate that Azure manages; null keeps azurecontainerapps.io. Its CNAME and asuid records must exist first."
  type        = string
  default     = null

  validation {
    condition     = var.detectors_custom_domain == null || can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.detectors_custom_domain))
    error_message = "detectors_custom_domain must be a host name in lower case, such as detectors.example.com."
  }

  validation {
    condition     = var.detectors_custom_domain == null || var.operator_access == "addresses"
    error_message = "detectors_custom_domain needs operator_access = \"addresses\": managed certificates are issued only to what the internet can reach."
  }
}

variable "batch_job_enabled" {
  description = "Whether a Container Apps job refits the models, by its schedule or when it is started by hand."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !var.batch_job_enabled || var.detectors_image_tag != null
    error_message = "batch_job_enabled needs detectors_image_tag: the job runs the detectors' image."
  }
}

variable "batch_job_cron" {
  description = "When the job starts by itself, as five cron fields in UTC; null starts it by hand only."
  type        = string
  default     = "0 2 * * *"

  validation {
    condition     = var.batch_job_cron == null || can(regex("^\\S+ \\S+ \\S+ \\S+ \\S+$", var.batch_job_cron))
    error_message = "batch_job_cron must have five fields, such as \"0 2 * * *\"."
  }
}

variable "batch_job_command" {
  description = "What the job runs in the detectors' image."
  type        = list(string)
  nullable    = false
  default     = ["python", "-c", "from anomalyctl.pipeline.worker import worker; worker().fit_models()"]

  validation {
    condition     = length(var.batch_job_command) > 0
    error_message = "batch_job_command must hold a program and its arguments."
  }
}
