"""Code onto what Terraform has made: the detectors' image, the functions' package, the dashboard's build."""
