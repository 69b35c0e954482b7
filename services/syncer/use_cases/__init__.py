"""What the syncer does, over its ports: takes requests in, reads slice by slice, removes data."""
