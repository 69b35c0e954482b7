"""Documents in MongoDB's protocol, through PyMongo's asyncio client. See README.md for the subset."""
