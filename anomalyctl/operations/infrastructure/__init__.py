"""What anomalyctl does with Terraform: typed results, questions and progress through ports, no printing."""
