"""What the syncer does, over its ports: take requests in, read slice by slice, remove data."""
