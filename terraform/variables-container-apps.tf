# The detectors, their image and the job beside them.

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
  description = "Tag of the detectors' image in the registry, as `publish` and `rollout` keep it: the commit that it was built from; null until the first image is there (a placeholder answers meanwhile)."
  type        = string
  default     = null

  validation {
    condition     = var.detectors_image_tag == null || can(regex("^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$", var.detectors_image_tag)) && var.detectors_image_tag != "latest"
    error_message = "detectors_image_tag must be a tag of the registry, such as a commit: `latest` says not what runs."
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
    condition     = !var.batch_job_enabled || var.batch_job_image_tag != null || var.detectors_image_tag != null
    error_message = "batch_job_enabled needs batch_job_image_tag or detectors_image_tag: the job has no other image."
  }
}

variable "batch_job_image_tag" {
  description = "Tag of the job's image (`anomalyctl`) in the registry, as `publish` keeps it; null takes that of the detectors."
  type        = string
  default     = null

  validation {
    condition     = var.batch_job_image_tag == null || can(regex("^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$", var.batch_job_image_tag)) && var.batch_job_image_tag != "latest"
    error_message = "batch_job_image_tag must be a tag of the registry, such as a commit: `latest` says not what runs."
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
  description = "What the job runs in its image, the command line's own."
  type        = list(string)
  nullable    = false
  default     = ["python", "-m", "anomalyctl.pipeline.batch_job"]

  validation {
    condition     = length(var.batch_job_command) > 0
    error_message = "batch_job_command must hold a program and its arguments."
  }
}
