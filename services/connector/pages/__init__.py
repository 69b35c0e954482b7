"""The connector's pages: the Intercom card and what is behind it, bearer keys, and the state of syncing."""
