"""An Azure of paper: Entra, Resource Manager and blobs over real HTTPS, refusing what they were not told."""
