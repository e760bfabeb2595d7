"""Object stores, the workspace of local files, and the archive of manifests and their media."""
