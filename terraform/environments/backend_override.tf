# Where the state lives: a storage account that is not part of what is deployed, with Entra sign-in and leases as locks.
# `anomalyctl` puts this file beside the others in its working copy and gives the values of environments.toml. By hand:
#
#   cp environments/backend_override.tf .
#   terraform init \
#     -backend-config=resource_group_name=… -backend-config=storage_account_name=… \
#     -backend-config=container_name=tfstate -backend-config=key=anomaly-detection.tfstate
#   terraform workspace select -or-create dev
terraform {
  backend "azurerm" {
    use_azuread_auth = true
  }
}
